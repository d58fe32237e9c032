{#- How the shop's texts are read: the same rules as elsewhere in this project. -#}

{% macro is_blank(column) %}({{ column }} is null or trim({{ column }}) = ''){% endmacro %}

{% macro is_an_amount(column) %}regexp_full_match({{ column }}, '-?\d{1,12}(\.\d{1,2})?'){% endmacro %}

{#- Exact: decimals, never floats. -#}
{% macro cents(column) %}cast(cast({{ column }} as decimal(18, 2)) * 100 as bigint){% endmacro %}
