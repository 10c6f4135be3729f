import uuid

import django.contrib.auth.models
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="SameTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("note", models.CharField(blank=True, max_length=20)),
            ],
            options={
                "db_table": "gallery_tag",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Artist",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=10, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Everything",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("boolean", models.BooleanField()),
                ("boolean_or_null", models.BooleanField(null=True)),
                ("char", models.CharField(max_length=40)),
                ("text", models.TextField(db_column="long_text")),
                ("slug", models.SlugField(default="unset")),
                ("small", models.SmallIntegerField()),
                ("integer", models.IntegerField()),
                ("big", models.BigIntegerField(null=True)),
                ("positive", models.PositiveIntegerField(default=7)),
                ("real", models.FloatField(null=True)),
                ("amount", models.DecimalField(db_column="order", decimal_places=4, max_digits=20)),
                ("day", models.DateField(null=True)),
                ("moment", models.DateTimeField(null=True)),
                ("clock", models.TimeField(null=True)),
                ("lapse", models.DurationField(null=True)),
                ("identifier", models.UUIDField(null=True)),
                ("binary", models.BinaryField(null=True)),
                ("data", models.JSONField(null=True)),
                ("data_required", models.JSONField(default=dict)),
                ("address", models.GenericIPAddressField(null=True)),
                ("link", models.URLField(blank=True)),
                ("file", models.FileField(blank=True, upload_to="files")),
                ("made", models.DateTimeField(auto_now_add=True)),
                ("touched", models.DateTimeField(auto_now=True)),
                ("secret", models.CharField(default="unlogged", max_length=20, serialize=False)),
                ("by_database", models.IntegerField(db_default=42)),
                (
                    "since",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "doubled",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("integer"), "*", models.Value(2)
                        ),
                        output_field=models.BigIntegerField(),
                    ),
                ),
            ],
            options={
                "db_table": "one of each",
            },
        ),
        migrations.CreateModel(
            name="Exhibition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Hideable",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20)),
                ("hidden", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Known",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=20)),
                ("slug", models.CharField(max_length=20, null=True, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(default="nowhere", max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Remembered",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Rooted",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("note", models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="ArtLover",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("auth.user",),
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Passport",
            fields=[
                (
                    "artist",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="gallery.artist",
                    ),
                ),
                ("number", models.CharField(max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name="KnownPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "known",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="gallery.known",
                        to_field="id",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shop",
            fields=[
                (
                    "place_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="gallery.place",
                    ),
                ),
                ("sells", models.CharField(max_length=20)),
                ("rating", models.IntegerField(default=3)),
            ],
            bases=("gallery.place",),
        ),
        migrations.CreateModel(
            name="Remark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("object_id", models.BigIntegerField()),
                ("text", models.CharField(max_length=20)),
                (
                    "content_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="contenttypes.contenttype"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Branch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "root",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="gallery.rooted"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Showing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("room", models.IntegerField()),
                (
                    "exhibition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="gallery.exhibition"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Loose",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="gallery.tag",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="known",
            name="tags",
            field=models.ManyToManyField(to="gallery.tag"),
        ),
        migrations.CreateModel(
            name="Wall",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "exhibition",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.IntegerField()),
                ("colour", models.CharField(max_length=10)),
                (
                    "exhibition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, to="gallery.exhibition"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Work",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=40)),
                (
                    "artist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="gallery.artist",
                        to_field="code",
                    ),
                ),
                ("related", models.ManyToManyField(to="gallery.work")),
                (
                    "sequel_of",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to="gallery.work"
                    ),
                ),
                (
                    "shown_in",
                    models.ManyToManyField(through="gallery.Showing", to="gallery.exhibition"),
                ),
                ("tags", models.ManyToManyField(to="gallery.tag")),
            ],
        ),
        migrations.AddField(
            model_name="showing",
            name="work",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="gallery.work"),
        ),
        migrations.CreateModel(
            name="Chapter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=20)),
                (
                    "work",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="gallery.work"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="artist",
            name="favourite",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="gallery.work",
            ),
        ),
        migrations.CreateModel(
            name="Kiosk",
            fields=[
                (
                    "shop_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="gallery.shop",
                    ),
                ),
                ("open_air", models.BooleanField()),
            ],
            bases=("gallery.shop",),
        ),
        migrations.CreateModel(
            name="Stand",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("gallery.shop",),
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=20)),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="gallery.tag"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("text", "tag"), name="gallery_label_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="showing",
            constraint=models.CheckConstraint(
                condition=models.Q(("room__gte", 1)), name="gallery_room"
            ),
        ),
        migrations.AlterOrderWithRespectTo(
            name="chapter",
            order_with_respect_to="work",
        ),
    ]
