{% macro duckdb__matches(text, pattern) %}regexp_full_match({{ text }}, '{{ pattern }}'){% endmacro %}

{% macro duckdb__first_match(text, pattern) %}regexp_extract({{ text }}, '{{ pattern }}'){% endmacro %}

{#- It converts rows before it has asked: what can't be converted must be no error. -#}
{% macro duckdb__converted(value, type) %}try_cast({{ value }} as {{ type }}){% endmacro %}

{% macro duckdb__sorted_alike(text) %}{{ text }}{% endmacro %}

{% macro duckdb__time_of_day(day, clock) %}try_strptime({{ day }} || ' ' || {{ clock }}, '%Y-%m-%d %H:%M:%S'){% endmacro %}

{% macro duckdb__later(time, number, unit) %}{{ time }} + to_{{ unit }}s({{ number }}){% endmacro %}

{% macro duckdb__in_utc(time, type) -%}
{%- set time = 'try_cast(' ~ time ~ ' as timestamp)' if type == 'DATE' else time -%}
make_timestamp(epoch_us({{ time }}))
{%- endmacro %}

{% macro duckdb__time_as_text(time) %}cast({{ time }} as varchar){% endmacro %}

{% macro duckdb__each_day_of(span) -%}
select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day from {{ span }}
{%- endmacro %}

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
