{#- What other databases write in another way: a project that moves to one has these to look at. -#}

{#- The whole text matches. RE2 and ASCII, case matters. -#}
{% macro matches(text, pattern) %}regexp_full_match({{ text }}, '{{ pattern }}'){% endmacro %}

{#- The first part that matches, or an empty text. -#}
{% macro first_match(text, pattern) %}regexp_extract({{ text }}, '{{ pattern }}'){% endmacro %}

{#- A day and a time of it, 2026-01-31 and 23:59:59; null if the calendar has no such day. -#}
{% macro time_of_day(day, clock) %}try_strptime({{ day }} || ' ' || {{ clock }}, '%Y-%m-%d %H:%M:%S'){% endmacro %}

{#- As many microseconds as a text of digits says. -#}
{% macro microseconds(digits) %}to_microseconds(coalesce(try_cast({{ digits }} as bigint), 0)){% endmacro %}

{#- Hours and minutes, each a text of two digits, forwards or, if the sign is -1, backwards. -#}
{% macro minutes(sign, hours, minutes) -%}
to_minutes(coalesce(try_cast({{ sign }} as bigint) * (try_cast({{ hours }} as bigint) * 60 + try_cast({{ minutes }} as bigint)), 0))
{%- endmacro %}

{#- A time, whatever its time zone and resolution are, as a time in UTC; null if it is infinite. -#}
{% macro in_utc(time) %}make_timestamp(epoch_us({{ time }})){% endmacro %}

{#- This day, in UTC. -#}
{% macro today() %}cast({{ in_utc('now()') }} as date){% endmacro %}

{#- The number of a day's weekday, from 1 for Monday to 7 for Sunday. -#}
{% macro weekday(day) %}isodow({{ day }}){% endmacro %}

{#- The beginning of the day that comes so many days after a day. -#}
{% macro days_after(day, days) %}{{ day }} + interval 1 day * ({{ days }}){% endmacro %}

{#- Each day of a span, as the column `day`. -#}
{% macro days_between(first, last) -%}
select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as day
{%- endmacro %}
