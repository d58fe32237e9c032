{#- The rows of the days that are to be built: those of a run of partitions, or else every day. -#}
{% macro in_the_days_to_build(day) %}
{%- if var('first_day') and var('last_day') -%}
{{ day }} between cast('{{ var("first_day") }}' as date) and cast('{{ var("last_day") }}' as date)
{%- else -%}
true
{%- endif -%}
{% endmacro %}

{#- The incremental strategy `days`: the days that are to be built are replaced, also those that have no rows any more.
    dbt's own `delete+insert` would keep these. Both statements are in one transaction. -#}
{% macro get_incremental_days_sql(arguments) %}
{%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
delete from {{ arguments['target_relation'] }} where {{ in_the_days_to_build(config.require('unique_key')) }};
insert into {{ arguments['target_relation'] }} ({{ columns }}) select {{ columns }} from {{ arguments['temp_relation'] }}
{% endmacro %}
