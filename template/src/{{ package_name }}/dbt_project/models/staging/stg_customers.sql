with numbered as (

    select
        customer_id,
        region,
        segment,
        signed_up_on,
        row_number() over (partition by customer_id order by signed_up_on desc) as occurrence
    from {{ source(var('raw_source'), 'customers') }}
    where not {{ is_blank('customer_id') }}

)

select
    customer_id,
    region,
    segment,
    signed_up_on
from numbered
where occurrence = 1
