{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='received_on',
    tags=['daily'],
) }}

with received as (

    select
        row_id,
        order_id,
        customer_id,
        amount,
        received_at,
        cast(received_at as date) as received_on,
        trim(amount) as amount_text,
        try_cast(order_timestamp as timestamp) as ordered_at
    from {{ source(var('raw_source'), 'orders') }}
    where {{ in_the_days_to_build('cast(received_at as date)') }}

),

parsed as (

    select
        row_id,
        order_id,
        customer_id,
        ordered_at,
        received_at,
        received_on,
        case when {{ is_an_amount('amount_text') }} then {{ cents('amount_text') }} end as amount_cents
    from received

),

judged as (

    select
        *,
        case
            when {{ is_blank('order_id') }} then 'missing_order_id'
            when {{ is_blank('customer_id') }} then 'missing_customer_id'
            when ordered_at is null then 'malformed_timestamp'
            when amount_cents is null then 'malformed_amount'
            when amount_cents < 0 then 'negative_amount'
        end as fault
    from parsed

)

select
    row_id,
    order_id,
    customer_id,
    ordered_at,
    amount_cents,
    received_at,
    received_on,
    fault
from judged
