from django.db import migrations, models

from enquiries import names


def fill(apps, schema_editor) -> None:
    """What was written before is found by pinyin too."""
    points = apps.get_model("enquiries", "TalkingPoint")
    for row in points.objects.all():
        row.title_keys = names.title_keys(row.title)
        row.save(update_fields=["title_keys"])


class Migration(migrations.Migration):
    dependencies = [("enquiries", "0008_intake")]

    operations = [
        migrations.AddField(
            model_name="talkingpoint", name="title_keys", field=models.CharField(blank=True, max_length=1200)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex("customer", models.Index(
            fields=["project", "-entered_at", "-id"], condition=models.Q(merged_into__isnull=True), name="customers_by_entry"
        )),
        migrations.AddIndex("customerphone", models.Index(fields=["number_index"], name="customers_by_phone")),
        migrations.AddIndex("idpaper", models.Index(fields=["number_index"], name="customers_by_paper")),
        migrations.AddIndex("call", models.Index(fields=["project", "taken_by"], name="calls_by_answerer")),
        migrations.AddIndex("call", models.Index(fields=["project", "salesperson"], name="calls_of_salesperson")),
        migrations.AddIndex(
            "call", models.Index(fields=["project", "-at"], condition=models.Q(state="DRAFT"), name="calls_in_draft")
        ),
        migrations.AddIndex(
            "call",
            models.Index(
                fields=["project", "informed_at"],
                condition=models.Q(state="LOGGED", salesperson__isnull=False),
                name="calls_to_confirm",
            ),
        ),
    ]
