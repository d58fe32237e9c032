{{ config(materialized='incremental', tags=['daily']) }}

{% set columns = columns_of(source(var('raw_source'), 'orders'), {
    'row_id': 'a whole number',
    'order_id': 'a text, a whole number or a UUID',
    'customer_id': 'a text, a whole number or a UUID',
    'order_timestamp': 'a text, a timestamp or a date',
    'amount': 'a text or a number',
    'received_at': 'a timestamp or a date',
}) %}

with received as (

    select
        {{ converted('row_id', 'bigint') }} as row_id,
        {{ as_text(columns, 'order_id') }} as order_id,
        {{ as_text(columns, 'customer_id') }} as customer_id,
        {{ as_text(columns, 'order_timestamp') }} as order_timestamp,
        {{ as_text(columns, 'amount') }} as amount,
        {{ as_utc(columns, 'received_at') }} as received_at
    from {{ source(var('raw_source'), 'orders') }}

),

trimmed as (

    select
        *,
        cast(received_at as date) as received_on,
        {{ trimmed('order_id') }} as order_id_text,
        {{ trimmed('customer_id') }} as customer_id_text,
        {{ trimmed('order_timestamp') }} as timestamp_text,
        {{ trimmed('amount') }} as amount_text
    from received
    where {{ has_a_day('received_at') }} and {{ in_the_days_to_build('cast(received_at as date)') }}

),

parsed as (

    select
        *,
        {{ as_id('order_id_text') }} as read_order_id,
        {{ as_id('customer_id_text') }} as read_customer_id,
        {{ as_timestamp('timestamp_text') }} as ordered_at,
        {{ as_cents('amount_text') }} as amount_cents
    from trimmed

),

judged as (

    select
        *,
        case
            when {{ is_blank('order_id_text') }} then 'missing_order_id'
            when read_order_id is null then 'malformed_order_id'
            when {{ is_blank('customer_id_text') }} then 'missing_customer_id'
            when read_customer_id is null then 'malformed_customer_id'
            when ordered_at is null then 'malformed_timestamp'
            when ordered_at < cast('{{ var("first_possible_day") }}' as date) then 'timestamp_too_early'
            when ordered_at >= {{ later('received_on', var('days_ahead') ~ ' + 1', 'day') }} then 'timestamp_too_late'
            when amount_cents is null then 'malformed_amount'
            when amount_cents < 0 then 'negative_amount'
        end as invalid
    from parsed

),

-- The shop may send an order again: of the valid rows of a day the one that arrived first counts.
numbered as (

    select
        *,
        row_number() over (
            partition by received_on, read_order_id, invalid is null
            order by
                row_id, received_at, {{ sorted_alike('read_customer_id') }}, ordered_at, amount_cents,
                {{ sorted_alike('order_id') }}, {{ sorted_alike('customer_id') }},
                {{ sorted_alike('order_timestamp') }}, {{ sorted_alike('amount') }}
        ) as occurrence
    from judged

),

told as (

    select
        *,
        coalesce(invalid, case when occurrence > 1 then 'duplicate' end) as fault
    from numbered

)

select
    row_id,
    -- What is set aside stays as it came.
    case when fault is null then read_order_id else order_id end as order_id,
    case when fault is null then read_customer_id else customer_id end as customer_id,
    ordered_at,
    amount_cents,
    received_at,
    received_on,
    order_timestamp,
    amount,
    fault
from told
