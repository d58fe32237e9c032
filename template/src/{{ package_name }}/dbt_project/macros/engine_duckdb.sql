{% macro duckdb__matches(text, pattern) %}regexp_full_match({{ text }}, '{{ pattern }}'){% endmacro %}

{% macro duckdb__first_match(text, pattern) %}regexp_extract({{ text }}, '{{ pattern }}'){% endmacro %}

{#- It converts rows before it has asked: what can't be converted must be no error. -#}
{% macro duckdb__converted(value, type) %}try_cast({{ value }} as {{ type }}){% endmacro %}

{% macro duckdb__sorted_alike(text) %}{{ text }}{% endmacro %}

{% macro duckdb__time_of_day(day, clock) %}try_strptime({{ day }} || ' ' || {{ clock }}, '%Y-%m-%d %H:%M:%S'){% endmacro %}

{% macro duckdb__microseconds(digits) %}to_microseconds(coalesce(try_cast({{ digits }} as bigint), 0)){% endmacro %}

{% macro duckdb__minutes(sign, hours, minutes) -%}
to_minutes(coalesce(try_cast({{ sign }} as bigint) * (try_cast({{ hours }} as bigint) * 60 + try_cast({{ minutes }} as bigint)), 0))
{%- endmacro %}

{% macro duckdb__in_utc(time, type) -%}
{%- set time = 'try_cast(' ~ time ~ ' as timestamp)' if type == 'DATE' else time -%}
make_timestamp(epoch_us({{ time }}))
{%- endmacro %}

{% macro duckdb__time_as_text(time) %}cast({{ time }} as varchar){% endmacro %}

{% macro duckdb__each_day(first, last) %}cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date){% endmacro %}

{% macro duckdb__kinds_of_columns() -%}
{%- set integers = 'TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT' -%}
{%- set times = 'TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE|TIMESTAMPTZ|DATE' -%}
{{- return({
    'a whole number': integers,
    'a text': 'VARCHAR|ENUM',
    'a text, a whole number or a UUID': 'VARCHAR|ENUM|UUID|' ~ integers,
    'a text or a number': 'VARCHAR|ENUM|DECIMAL|DOUBLE|FLOAT|' ~ integers,
    'a text, a timestamp or a date': 'VARCHAR|ENUM|' ~ times,
    'a timestamp or a date': times,
}) -}}
{%- endmacro %}
