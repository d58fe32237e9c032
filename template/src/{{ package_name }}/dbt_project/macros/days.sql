{#- The rows of the days that are to be built: those of a run of partitions, or else every day. -#}
{% macro in_the_days_to_build(day) %}
{%- if var('first_day') and var('last_day') -%}
{{ day }} between cast('{{ var("first_day") }}' as date) and cast('{{ var("last_day") }}' as date)
{%- else -%}
true
{%- endif -%}
{% endmacro %}
