{#- Each row of the customer master data, with what is wrong with it: `fault`. Of several rows for a customer the latest
    sign-up counts; of several on that day the first region, then the first segment, in the order of the alphabet. -#}
{% macro judged_customers() -%}
{%- set customers = source(var('raw_source'), 'customers') -%}
{%- set columns = columns_of(customers, {
    'customer_id': 'a text, a whole number or a UUID',
    'region': 'a text',
    'segment': 'a text',
    'signed_up_on': 'a timestamp or a date',
}) -%}
with as_text as (

    select
        {{ as_text(columns, 'customer_id') }} as sent_customer_id,
        {{ trimmed(as_text(columns, 'customer_id')) }} as customer_id_text,
        {{ as_text(columns, 'region') }} as region,
        {{ as_text(columns, 'segment') }} as segment,
        cast({{ as_utc(columns, 'signed_up_on') }} as date) as sign_up
    from {{ customers }}

),

parsed as (

    select
        *,
        {{ as_id('customer_id_text') }} as customer_id,
        case
            when sign_up >= cast('{{ var("first_possible_day") }}' as date) and {{ not_ahead('sign_up') }}
                then sign_up
        end as signed_up_on
    from as_text

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                signed_up_on desc nulls last,
                {{ sorted_alike('region') }} nulls last, {{ sorted_alike('segment') }} nulls last,
                -- What was sent tells rows apart that say the same.
                {{ sorted_alike('sent_customer_id') }} nulls last, sign_up nulls last
        ) as occurrence
    from parsed

)

select
    customer_id,
    sent_customer_id,
    region,
    segment,
    signed_up_on,
    sign_up as sent_signed_up_on,
    case
        when {{ is_blank('customer_id_text') }} then 'missing_customer_id'
        when customer_id is null then 'malformed_customer_id'
        when occurrence > 1 then 'duplicate'
    end as fault
from numbered
{%- endmacro %}
