{#- The columns of a source, as they are: which types are read, and how. -#}

{#- What a column may be, in words and as types of the database. -#}
{% macro kinds_of_columns() -%}
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

{#- The type of each column that a model reads. Ends the run, with a sentence, if one is missing or of another type. -#}
{% macro columns_of(relation, expected) -%}
{%- set types = {} -%}
{%- if execute is defined and execute -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do types.update({column.name | lower: column.dtype}) -%}
    {%- endfor -%}
    {%- set table = relation.schema ~ '.' ~ relation.identifier -%}
    {%- for name, kind in expected.items() -%}
        {%- set type = types.get(name, 'missing') -%}
        {%- set type = type.split('(')[0] if type.endswith(')') else type -%}
        {%- if type not in kinds_of_columns()[kind].split('|') -%}
            {%- do exceptions.raise_compiler_error(
                table ~ '.' ~ name ~ ' is ' ~ types.get(name, 'missing') ~ ', and must be ' ~ kind
                ~ ': make a view that gives it this name and type, or read another column in the model. '
                ~ table ~ ' has ' ~ (types.keys() | sort | join(', ') or 'no columns, or does not exist')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{{- return(types) -}}
{%- endmacro %}

{#- A column as text: a time as one in UTC, whatever the time zone of the session is. -#}
{% macro as_text(types, name) -%}
{%- set is_a_time = types.get(name, '').startswith('TIMESTAMP') or types.get(name) == 'DATE' -%}
cast({{ as_utc(types, name) if is_a_time else name }} as varchar)
{%- endmacro %}

{#- A column as a time in UTC; null where it is infinite, or of a year that timestamps don't have. -#}
{% macro as_utc(types, name) -%}
{{ in_utc('try_cast(' ~ name ~ ' as timestamp)' if types.get(name) == 'DATE' else name) }}
{%- endmacro %}
