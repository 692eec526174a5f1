"""The process that measures: Django is set up before anything that needs it is imported."""

import django

if __name__ == "__main__":
    django.setup()
    from counterfoil.site.bench.measuring import main

    main()
