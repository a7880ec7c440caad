"""The form of a Metric."""

from typing import Any

from django import forms

from metrics.models import Metric


class KeepingLabelsForm(forms.ModelForm):
    """Refuses to give the readings of a Metric another meaning."""

    hint = "It can be confirmed on the metric's own page."

    def _post_clean(self) -> None:
        super()._post_clean()
        relabelling = self.instance.relabelling() if self.instance.pk else None
        # What is wrong in itself is put right before anything is confirmed.
        if relabelling is None or not self.errors.keys().isdisjoint(relabelling.fields):
            return
        if not self._is_confirmed():
            message = f"{relabelling.consequence} {self.hint}"
            for field in relabelling.fields:
                self.add_error(field, forms.ValidationError(message, "has_history"))

    def _is_confirmed(self) -> bool:
        return False


class RelabellingForm(KeepingLabelsForm):
    """Asks whether that is wanted: the box to confirm it appears with the error."""

    hint = "Tick the box to confirm it."
    relabel_history = forms.BooleanField(
        label="Relabel the readings there are",
        required=False,
        widget=forms.HiddenInput,
        help_text="To put a wrong label right. The change is logged.",
    )

    def confirm(self, user: Any) -> None:
        """Let `user` answer for what the box confirms, if it does."""
        if self.cleaned_data["relabel_history"]:
            self.instance.relabelled_by = user

    def _is_confirmed(self) -> bool:
        self.fields["relabel_history"].widget = forms.CheckboxInput()
        return bool(self.cleaned_data.get("relabel_history"))


class MetricForm(RelabellingForm):
    """What people set of a Metric."""

    class Meta:
        model = Metric
        fields = ("name", "key", "unit", "type", "expected_interval", "rollover")
        labels = {
            "expected_interval": "Expected interval, in seconds",
            "rollover": "Rollover, in the unit",
        }
        help_texts = {
            "key": "What programs call it. Figures find what they are computed from by it."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
