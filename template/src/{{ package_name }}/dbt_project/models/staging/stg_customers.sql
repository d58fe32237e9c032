with judged as (

    {{ judged_customers() | indent(4) }}

)

select
    customer_id,
    region,
    segment,
    signed_up_on
from judged
where fault is null
