-- A shop may send an order again, on the same day or later: the one that arrived first counts.
with numbered as (

    select
        order_id,
        customer_id,
        ordered_at,
        amount_cents,
        received_on,
        row_number() over (partition by order_id order by received_on, row_id) as occurrence
    from {{ ref('stg_orders') }}
    where fault is null

)

select
    order_id,
    customer_id,
    ordered_at,
    amount_cents,
    received_on
from numbered
where occurrence = 1
