{#- What each database writes in a way of its own: the file of the database, `engine_….sql`, says how. -#}

{#- The whole text matches a pattern: one of ASCII, in which case matters. -#}
{% macro matches(text, pattern) %}{{ adapter.dispatch('matches')(text, pattern) }}{% endmacro %}

{#- The first part that matches, or an empty text. -#}
{% macro first_match(text, pattern) %}{{ adapter.dispatch('first_match')(text, pattern) }}{% endmacro %}

{#- What a text or number is as another type. What it can't be is null, or an error: ask first. -#}
{% macro converted(value, type) %}{{ adapter.dispatch('converted')(value, type) }}{% endmacro %}

{#- A text as it sorts everywhere: by the numbers of its characters. -#}
{% macro sorted_alike(text) %}{{ adapter.dispatch('sorted_alike')(text) }}{% endmacro %}

{#- A day and a time of it, 2026-01-31 and 23:59:59; null if the calendar has no such day. -#}
{% macro time_of_day(day, clock) %}{{ adapter.dispatch('time_of_day')(day, clock) }}{% endmacro %}

{#- The time that comes a number of units after a day or a time. -#}
{% macro later(time, number, unit) %}{{ adapter.dispatch('later')(time, number, unit) }}{% endmacro %}

{#- A time as one in UTC, without a time zone; null if it is infinite, or of a year that timestamps don't have. -#}
{% macro in_utc(time, type) %}{{ adapter.dispatch('in_utc')(time, type | upper) }}{% endmacro %}

{#- A time without a time zone as text: 2026-01-31 23:59:59. -#}
{% macro time_as_text(time) %}{{ adapter.dispatch('time_as_text')(time) }}{% endmacro %}

{#- This day, in UTC. -#}
{% macro today() %}cast({{ in_utc('current_timestamp', 'timestamp with time zone') }} as date){% endmacro %}

{#- The number of a day's weekday, from 1 for Monday to 7 for Sunday. -#}
{% macro weekday(day) %}{{ adapter.dispatch('weekday')(day) }}{% endmacro %}
{% macro default__weekday(day) %}extract(isodow from {{ day }}){% endmacro %}

{#- Each day from `first_day` to `last_day` of a table with one row, as the column `day`. -#}
{% macro each_day_of(span) %}{{ adapter.dispatch('each_day_of')(span) }}{% endmacro %}

{#- Statements that happen together or not at all. dbt has begun a transaction, as a rule. -#}
{% macro together(statements) %}{{ adapter.dispatch('together')(statements) }}{% endmacro %}
{% macro default__together(statements) %}{{ statements }}{% endmacro %}

{#- The columns of a table: `name`, in the case in which models write it, and `dtype`. -#}
{% macro columns_in(relation) %}{{ return(adapter.dispatch('columns_in')(relation)) }}{% endmacro %}
{% macro default__columns_in(relation) %}{{ return(adapter.get_columns_in_relation(relation)) }}{% endmacro %}

{#- What a column may be, in words and as types of the database. -#}
{% macro kinds_of_columns() %}{{ return(adapter.dispatch('kinds_of_columns')()) }}{% endmacro %}
