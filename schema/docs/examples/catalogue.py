"""Examples of the catalogue, and of changes that are safe to repeat."""

from schema.docs.examples.task import Step, Task

_SAVE_PRODUCT = """\
mutation SaveProduct($input: SaveProductInput!) {
  saveProduct(input: $input) {
    ... on SaveProductSuccess {
      product { id sku name active units(first: 5) { nodes { name price { amount currency } } } }
    }
    ... on Problem { code field message }
  }
}"""
_SAVE_CUSTOMER = """\
mutation SaveCustomer($input: SaveCustomerInput!) {
  saveCustomer(input: $input) {
    ... on SaveCustomerSuccess { customer { id name } }
    ... on Problem { code field message }
  }
}"""
_NEW_CUSTOMER = {"clientMutationKey": "docs-retry-1", "name": "Quill & Crate", "email": "hello@quill.example"}
SAVE_A_PRODUCT = Task(
    "save-a-product",
    "Make or change a product",
    "A product as your system has it; the `externalId` names it, so the same mutation makes it and later changes it.",
    (
        Step(
            "Prices are strings with up to four decimals. Needs the scope `products:write`.",
            _SAVE_PRODUCT,
            {
                "input": {
                    "clientMutationKey": "docs-product-1",
                    "externalId": "pim-5531",
                    "sku": "BW-12",
                    "name": "Beeswax wrap, set of 3",
                    "category": "Kitchen and table",
                    "units": [
                        {"name": "each", "price": "6.40", "currency": "GBP"},
                        {"name": "case of 12", "price": "69.00", "currency": "GBP"},
                    ],
                }
            },
        ),
        Step(
            "Another day it can’t be ordered any more. A new key, because it is another change.",
            _SAVE_PRODUCT,
            {
                "input": {
                    "clientMutationKey": "docs-product-2",
                    "externalId": "pim-5531",
                    "sku": "BW-12",
                    "name": "Beeswax wrap, set of 3",
                    "category": "Kitchen and table",
                    "active": False,
                    "units": [{"name": "each", "price": "6.40", "currency": "GBP"}],
                }
            },
        ),
    ),
    "Products are kept, because orders speak of them; one that is not `active` can’t be ordered.",
)
RETRY_SAFELY = Task(
    "retry-safely",
    "Retry without doing it twice",
    "When an answer is lost on the way, send the same again: the `clientMutationKey` makes that safe.",
    (
        Step(
            "Make up a key for the change before you send it, and keep it with the change.",
            _SAVE_CUSTOMER,
            {"input": _NEW_CUSTOMER},
        ),
        Step(
            "The same key and the same input again: the first result comes back, and there is one customer.",
            _SAVE_CUSTOMER,
            {"input": _NEW_CUSTOMER},
        ),
        Step(
            "The same key with another input is refused, because one of the two would be lost.",
            _SAVE_CUSTOMER,
            {"input": {**_NEW_CUSTOMER, "name": "Somebody else"}},
            problem="KEY_REUSED",
        ),
    ),
    "A key is remembered for 24 hours. Two requests with the same key at the same moment run once.",
)
READ_A_REFUSAL = Task(
    "read-a-refusal",
    "Read a refusal",
    "What can’t be done is an answer and not an error: a `Problem` with a code for programs and words for people.",
    (
        Step(
            "A product without a unit. `field` is the path of the part of the input to mend.",
            _SAVE_PRODUCT,
            {"input": {"clientMutationKey": "docs-refusal-1", "sku": "BW-13", "name": "Beeswax wrap", "units": []}},
            problem="INVALID",
        ),
    ),
    "Ask for `... on Problem { code field message }` in each mutation. Nothing was changed where one comes back.",
)
CATALOGUE = (SAVE_A_PRODUCT,)
SAFETY = (RETRY_SAFELY, READ_A_REFUSAL)
