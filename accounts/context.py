"""What every template knows."""


def site(request):
    return {}
