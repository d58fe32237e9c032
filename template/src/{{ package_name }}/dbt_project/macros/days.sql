{#- A day no later than what clocks may differ by. -#}
{% macro not_ahead(day) %}{{ day }} < {{ later(today(), var('days_ahead') ~ ' + 1', 'day') }}{% endmacro %}

{#- A time that belongs to a day with orders, of which there are some since `first_day_with_orders`. -#}
{% macro has_a_day(time) -%}
coalesce({{ time }} >= cast('{{ var("first_day_with_orders") }}' as date) and {{ not_ahead(time) }}, false)
{%- endmacro %}

{#- The rows of the days that are to be built: those of a run of partitions, or else every day. -#}
{% macro in_the_days_to_build(day) %}
{%- if var('first_day') and var('last_day') -%}
{{ day }} between cast('{{ var("first_day") }}' as date) and cast('{{ var("last_day") }}' as date)
{%- else -%}
true
{%- endif -%}
{% endmacro %}

{#- What a test looks at, instead of dbt's own macro: of a model that is built by day, only the days that are to be built. A day
    that fails a test then holds up no other. -#}
{% macro get_where_subquery(relation) -%}
{%- set tested = graph.nodes.get(model.attached_node) if execute -%}
{%- set conditions = [config.get('where')] if config.get('where') else [] -%}
{%- if tested and tested.config.get('incremental_strategy') == 'days' and tested.config.materialized == 'incremental' -%}
    {%- do conditions.append(in_the_days_to_build(tested.config.unique_key)) -%}
{%- endif -%}
{{ return('(select * from ' ~ relation ~ ' where (' ~ conditions | join(') and (') ~ ')) tested' if conditions else relation) }}
{%- endmacro %}

{#- The incremental strategy `days`: the days that are to be built are replaced, also those that have no rows any more.
    dbt's own `delete+insert` would keep these. -#}
{% macro get_incremental_days_sql(arguments) %}
{%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
{%- set statements -%}
delete from {{ arguments['target_relation'] }} where {{ in_the_days_to_build(config.require('unique_key')) }};
insert into {{ arguments['target_relation'] }} ({{ columns }}) select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endset -%}
{{ together(statements) }}
{% endmacro %}
