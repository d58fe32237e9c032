with judged as (

    {{ judged_customers() | indent(4) }}

)

select
    sent_customer_id as customer_id,
    region,
    segment,
    sent_signed_up_on as signed_up_on,
    fault as reason
from judged
where fault is not null
