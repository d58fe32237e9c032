{#- Nothing here may fail for a value that is asked about first: Snowflake promises no order, not even within a `case`.
    Backslashes in texts have a meaning there: patterns have none. -#}

{% macro snowflake__matches(text, pattern) %}regexp_like({{ text }}, '{{ pattern }}'){% endmacro %}

{% macro snowflake__first_match(text, pattern) %}coalesce(regexp_substr({{ text }}, '{{ pattern }}'), ''){% endmacro %}

{#- Only texts can be tried. -#}
{% macro snowflake__converted(value, type) %}try_cast(cast({{ value }} as varchar) as {{ type }}){% endmacro %}

{% macro snowflake__sorted_alike(text) %}{{ text }}{% endmacro %}

{% macro snowflake__time_of_day(day, clock) %}try_to_timestamp_ntz({{ day }} || ' ' || {{ clock }}, 'YYYY-MM-DD HH24:MI:SS'){% endmacro %}

{% macro snowflake__later(time, number, unit) %}dateadd({{ unit }}, {{ number }}, {{ time }}){% endmacro %}

{#- `timestamp` alone is what somebody has set for the account. -#}
{% macro snowflake__in_utc(time, type) -%}
{%- set in_zone = type in ('TIMESTAMP_LTZ', 'TIMESTAMP_TZ', 'TIMESTAMP WITH TIME ZONE') -%}
cast({{ "convert_timezone('UTC', " ~ time ~ ")" if in_zone else time }} as timestamp_ntz)
{%- endmacro %}

{#- Whatever the format of times of the session is. -#}
{% macro snowflake__time_as_text(time) %}rtrim(rtrim(to_varchar({{ time }}, 'YYYY-MM-DD HH24:MI:SS.FF6'), '0'), '.'){% endmacro %}

{% macro snowflake__weekday(day) %}dayofweekiso({{ day }}){% endmacro %}

{% macro snowflake__each_day_of(span) -%}
select cast(dateadd(day, cast(numbers.value as integer), {{ span }}.first_day) as date) as day
from
    {{ span }},
    lateral flatten(input => array_generate_range(0, datediff(day, {{ span }}.first_day, {{ span }}.last_day) + 1)) as numbers
{%- endmacro %}

{#- Each statement is a transaction of its own there, unless dbt is told. -#}
{% macro snowflake__together(statements) %}{{ snowflake_dml_explicit_transaction(statements) }}{% endmacro %}

{#- Names are in capitals, as nobody quotes them. A whole number is a NUMBER like others. -#}
{% macro snowflake__columns_in(relation) -%}
{%- set columns = [] -%}
{%- for column in adapter.get_columns_in_relation(relation) -%}
    {%- set is_whole = column.dtype == 'NUMBER' and column.numeric_scale == 0 -%}
    {%- do columns.append({'name': column.name | lower, 'dtype': 'INTEGER' if is_whole else column.dtype}) -%}
{%- endfor -%}
{{- return(columns) -}}
{%- endmacro %}

{% macro snowflake__kinds_of_columns() -%}
{%- set times = 'TIMESTAMP_NTZ|TIMESTAMP_LTZ|TIMESTAMP_TZ|DATE' -%}
{{- return({
    'a whole number': 'INTEGER',
    'a text': 'VARCHAR',
    'a text, a whole number or a UUID': 'VARCHAR|INTEGER',
    'a text or a number': 'VARCHAR|NUMBER|INTEGER|FLOAT',
    'a text, a timestamp or a date': 'VARCHAR|' ~ times,
    'a timestamp or a date': times,
}) -}}
{%- endmacro %}
