{#- What is asked first, in a `case`, is asked first: a conversion that fails would be an error. -#}

{% macro postgres__matches(text, pattern) %}({{ text }} ~ '^({{ pattern }})$'){% endmacro %}

{% macro postgres__first_match(text, pattern) %}coalesce(substring({{ text }} from '{{ pattern }}'), ''){% endmacro %}

{% macro postgres__converted(value, type) %}cast({{ value }} as {{ type }}){% endmacro %}

{% macro postgres__sorted_alike(text) %}{{ text }} collate "C"{% endmacro %}

{#- Days count from the first of the month, which every month has. In another month, there was no such day. -#}
{% macro postgres__time_of_day(day, clock) -%}
{%- set date = "(cast(substr(" ~ day ~ ", 1, 7) || '-01' as date) + cast(substr(" ~ day ~ ", 9, 2) as integer) - 1)" -%}
case when to_char({{ date }}, 'MM') = substr({{ day }}, 6, 2) then {{ date }} + cast({{ clock }} as time) end
{%- endmacro %}

{% macro postgres__later(time, number, unit) %}{{ time }} + interval '1 {{ unit }}' * ({{ number }}){% endmacro %}

{% macro postgres__in_utc(time, type) -%}
{%- if type == 'DATE' -%}
case when isfinite({{ time }}) and {{ time }} < date '294277-01-01' then cast({{ time }} as timestamp) end
{%- else -%}
case when isfinite({{ time }}) then {{ time }}{{ " at time zone 'UTC'" if type == 'TIMESTAMP WITH TIME ZONE' }} end
{%- endif -%}
{%- endmacro %}

{#- Whatever the style of dates of the session is. -#}
{% macro postgres__time_as_text(time) -%}
rtrim(rtrim(to_char({{ time }}, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.') || case when {{ time }} < '0001-01-01' then ' BC' else '' end
{%- endmacro %}

{% macro postgres__each_day_of(span) -%}
select cast(generate_series(cast(first_day as timestamp), cast(last_day as timestamp), interval '1 day') as date) as day
from {{ span }}
{%- endmacro %}

{#- USER-DEFINED is what Postgres says of an enum, and of citext. -#}
{% macro postgres__kinds_of_columns() -%}
{%- set integers = 'SMALLINT|INTEGER|BIGINT' -%}
{%- set texts = 'CHARACTER VARYING|TEXT|CHARACTER|USER-DEFINED' -%}
{%- set times = 'TIMESTAMP WITHOUT TIME ZONE|TIMESTAMP WITH TIME ZONE|DATE' -%}
{{- return({
    'a whole number': integers,
    'a text': texts,
    'a text, a whole number or a UUID': texts ~ '|UUID|' ~ integers,
    'a text or a number': texts ~ '|NUMERIC|DOUBLE PRECISION|REAL|' ~ integers,
    'a text, a timestamp or a date': texts ~ '|' ~ times,
    'a timestamp or a date': times,
}) -}}
{%- endmacro %}
