{#- What the catalogue of Dagster shows of a model that was built: its columns, those of what it is made from, and its rows. It
    is told here, in the log that Dagster reads, as nobody else can look into DuckDB's file while dbt has it. -#}
{% macro tell_the_catalogue() -%}
{%- if execute and flags.LOG_FORMAT == 'json' -%}
    {%- set parents = {} -%}
    {%- for id in model.depends_on.nodes -%}
        {%- set parent = graph.nodes.get(id) or graph.sources.get(id) -%}
        {%- set relation = api.Relation.create(
            database=parent.database, schema=parent.schema, identifier=parent.alias or parent.identifier
        ) -%}
        {%- do parents.update({parent.relation_name: {'columns': types_of_columns(relation)}}) -%}
    {%- endfor -%}
    {%- do log(tojson({'columns': types_of_columns(this, model.columns), 'parents': parents}), info=true) -%}
    {%- if model.config.materialized != 'view' -%}
        {%- do log('rows: ' ~ run_query('select count(*) from ' ~ this).rows[0][0], info=true) -%}
    {%- endif -%}
{%- endif -%}
{%- endmacro %}

{#- The types of a table's columns, with what is said about them. -#}
{% macro types_of_columns(relation, described={}) -%}
{%- set columns = {} -%}
{%- for column in columns_in(relation) -%}
    {%- set description = described.get(column.name, {}).get('description') -%}
    {%- do columns.update({column.name: {'data_type': column.dtype, 'description': description}}) -%}
{%- endfor -%}
{{- return(columns) -}}
{%- endmacro %}
