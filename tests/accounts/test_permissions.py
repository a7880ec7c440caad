"""What a user may do: by themselves, by their groups, and nothing once deactivated."""

from django.contrib.auth.models import Permission

from accounts.models import User

ADD_READING = "history.add_reading"


def fresh(user):
    """The user without what was remembered of their permissions."""
    return User.objects.get(pk=user.pk)


def test_permissions_of_the_user_and_of_their_groups_add_up(standard):
    granted = fresh(standard).get_all_permissions()
    standard.user_permissions.add(Permission.objects.get(codename="add_reading"))
    assert ADD_READING not in granted
    assert fresh(standard).get_all_permissions() == granted | {ADD_READING}
    assert fresh(standard).has_perm(ADD_READING)


def test_permissions_take_one_query(technician, django_assert_num_queries):
    user = fresh(technician)
    with django_assert_num_queries(1):
        assert user.has_perm(ADD_READING)
        assert user.has_perm("metrics.view_metric")
        assert not user.has_perm("sites.delete_site")


def test_a_deactivated_user_may_do_nothing(technician):
    technician.is_active = False
    technician.save()
    assert fresh(technician).get_all_permissions() == set()
    assert not fresh(technician).has_perm(ADD_READING)


def test_a_permission_for_one_object_is_not_known(technician, device):
    assert not fresh(technician).has_perm("devices.change_device", device)


def test_an_administrator_has_every_permission(administrator):
    assert len(fresh(administrator).get_all_permissions()) == Permission.objects.count()
