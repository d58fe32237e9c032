{#- Which texts are an id, an amount or a time, and what they say: the same expressions as elsewhere in this project.
    They name ASCII characters alone, and what matches can be converted in one way only. -#}

{#- Space, tab, line feed and carriage return may stand around every value. -#}
{% macro trimmed(text) %}trim({{ text }}, ' ' || chr(9) || chr(10) || chr(13)){% endmacro %}

{#- Of a text that is trimmed. -#}
{% macro is_blank(text) %}({{ text }} is null or {{ text }} = ''){% endmacro %}

{#- 1 to 100 visible characters, with spaces only between them. -#}
{% macro id_pattern() %}[!-~]([ -~]{0,98}[!-~])?{% endmacro %}

{#- Up to 12 digits and whole cents; a database may have added zeros. -#}
{% macro amount_pattern() %}-?[0-9]{1,12}([.][0-9]{1,2}0{0,20})?{% endmacro %}

{#- A day of the years 0001 to 9999, alone (midnight), or with a time to the minute, the second or its billionth, in UTC or
    with the offset from it: up to 14 hours. There is no 24:00, and no second 60. -#}
{% macro timestamp_pattern() %}([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?( ?[Zz]|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?)?)?{% endmacro %}

{#- An id without what stands around it, or null. -#}
{% macro as_id(text) %}case when {{ matches(text, id_pattern()) }} then {{ text }} end{% endmacro %}

{#- An amount in whole cents, or null. Exact: decimals, never floats. -#}
{% macro as_cents(text) -%}
case when {{ matches(text, amount_pattern()) }} then cast({{ converted(text, 'decimal(18, 2)') }} * 100 as bigint) end
{%- endmacro %}

{#- A time in UTC, to the microsecond, or null. Of the conversion, only the calendar is left to the database. -#}
{% macro as_timestamp(text) -%}
{%- set clock -%}
case
    when length({{ text }}) = 10 then '00:00:00'
    when substr({{ text }}, 17, 1) = ':' then substr({{ text }}, 12, 8)
    else substr({{ text }}, 12, 5) || ':00'
end
{%- endset -%}
{#- What follows the minute: the fraction after the point, the offset from its sign. -#}
{%- set rest = "substr(" ~ text ~ ", 17)" -%}
{%- set offset = "rpad(replace(" ~ first_match(rest, '[+-].*') ~ ", ':', ''), 5, '0')" -%}
{%- set fraction = "rpad(substr(" ~ first_match(rest, '[.][0-9]+') ~ ", 2, 6), 6, '0')" -%}
{%- set microseconds -%}
{{ converted(fraction, 'bigint') }} - 60000000 * {{ converted("substr(" ~ offset ~ ", 1, 1) || '1'", 'bigint') }} * (
    60 * {{ converted("substr(" ~ offset ~ ", 2, 2)", 'bigint') }} + {{ converted("substr(" ~ offset ~ ", 4, 2)", 'bigint') }}
)
{%- endset -%}
case
    when {{ matches(text, timestamp_pattern()) }}
        then
            {{ later(time_of_day("substr(" ~ text ~ ", 1, 10)", clock), microseconds, 'microsecond') }}
end
{%- endmacro %}
