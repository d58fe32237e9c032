-- A shop may send an order again on a later day: the one that arrived first counts. Of a day, each is there once.
with numbered as (

    select
        order_id,
        customer_id,
        ordered_at,
        amount_cents,
        received_on,
        row_number() over (partition by order_id order by received_on) as occurrence
    from {{ ref('valid_orders') }}

)

select
    order_id,
    customer_id,
    ordered_at,
    amount_cents,
    received_on
from numbered
where occurrence = 1
