{#- The columns of a source, as they are: which types are read, and how. -#}

{#- The type of each column that a model reads. Ends the run, with a sentence, if one is missing or of another type. -#}
{% macro columns_of(relation, expected) -%}
{%- set types = {} -%}
{%- if execute is defined and execute -%}
    {%- for column in columns_in(relation) -%}
        {%- do types.update({column.name | lower: column.dtype}) -%}
    {%- endfor -%}
    {%- set table = relation.schema ~ '.' ~ relation.identifier -%}
    {%- for name, kind in expected.items() -%}
        {%- set type = types.get(name, 'missing') | upper -%}
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
{%- set type = types.get(name, '') | upper -%}
{{ time_as_text(in_utc(name, type)) if type.startswith('TIMESTAMP') or type == 'DATE' else 'cast(' ~ name ~ ' as varchar)' }}
{%- endmacro %}

{#- A column as a time in UTC; null where it is infinite, or of a year that timestamps don't have. -#}
{% macro as_utc(types, name) %}{{ in_utc(name, types.get(name, '')) }}{% endmacro %}
