# Views from the SQL files that Python reads: beside the tables for the functions, and for people in
# a dataset of their own, whose views may read tables that people may not.

locals {
  shelves = {
    warehouse  = { tables = local.homes.warehouse, views = local.homes.warehouse }
    restricted = { tables = local.homes.restricted, views = local.homes.restricted }
    people     = { tables = local.homes.warehouse, views = "${var.warehouse}_views" }
  }

  # A file's comments describe it: sentences, a line for each column, and one that makes it a function.
  queries = {
    for file in fileset("${local.package}/views", "*.sql") :
    trimsuffix(file, ".sql") => split("\n", file("${local.package}/views/${file}"))
  }
  comments = { for name, lines in local.queries : name => [for line in lines : trimspace(trimprefix(line, "--")) if startswith(line, "--")] }
  body     = { for name, lines in local.queries : name => trimspace(join("\n", [for line in lines : line if !startswith(line, "--")])) }
  column   = "^(\\w+) (STRING|INT64|FLOAT64|BOOL|DATE|TIMESTAMP): (.+)$"
  columns = {
    for name, said in local.comments : name => [
      for line in said : zipmap(["name", "type", "description", "mode"], concat(regex(local.column, line), ["NULLABLE"])) if can(regex(local.column, line))
    ]
  }
  descriptions = { for name, said in local.comments : name => join(" ", [for line in said : line if !can(regex(local.column, line)) && !startswith(line, "arguments:")]) }
  functions = merge([
    for name, said in local.comments :
    { for line in said : name => trimspace(trimprefix(line, "arguments:")) if startswith(line, "arguments:") }
  ]...)

  # BigQuery wants a view's sources to be there. What reads no view or function comes first, then
  # what reads those, and so on.
  reads = {
    for name, sql in local.body :
    name => setintersection(flatten(regexall("\\{dataset\\}\\.(\\w+)", sql)), keys(local.queries))
  }
  first  = [for name, reads in local.reads : name if length(reads) == 0]
  second = [for name, reads in local.reads : name if length(reads) > 0 && length(setsubtract(reads, local.first)) == 0]
  third  = [for name, reads in local.reads : name if !contains(concat(local.first, local.second), name)]

  # Their names are those of the shelf; tables are where they are.
  view_name = "/\\{dataset\\}\\.(${join("|", keys(local.queries))})\\b/"
  placed_views = merge([
    for shelf, where in local.shelves : {
      for name, sql in local.body : "${where.views}.${name}" => {
        shelf = shelf
        name  = name
        sql   = replace(replace(sql, local.view_name, "${var.project}.${where.views}.$1"), "{dataset}", "${var.project}.${where.tables}")
      }
    }
  ]...)
  views = { for key, one in local.placed_views : key => one if !contains(keys(local.functions), one.name) }
}

resource "google_bigquery_dataset" "people" {
  dataset_id  = local.shelves.people.views
  description = "What people query: views, and no tables"
  location    = var.location
  labels      = { content = "views" }
  depends_on  = [google_project_service.api]
}

resource "google_bigquery_dataset_access" "views_may_read" {
  dataset_id = google_bigquery_dataset.home["warehouse"].dataset_id
  dataset {
    dataset {
      project_id = var.project
      dataset_id = google_bigquery_dataset.people.dataset_id
    }
    target_types = ["VIEWS"]
  }
}

resource "google_bigquery_dataset_access" "functions_may_read" {
  for_each   = local.functions
  dataset_id = google_bigquery_dataset.home["warehouse"].dataset_id
  routine {
    project_id = var.project
    dataset_id = google_bigquery_dataset.people.dataset_id
    routine_id = google_bigquery_routine.function["${local.shelves.people.views}.${each.key}"].routine_id
  }
}

resource "google_bigquery_routine" "function" {
  for_each        = { for key, one in local.placed_views : key => one if contains(keys(local.functions), one.name) }
  dataset_id      = local.shelves[each.value.shelf].views
  routine_id      = each.value.name
  routine_type    = "TABLE_VALUED_FUNCTION"
  language        = "SQL"
  description     = local.descriptions[each.value.name]
  definition_body = each.value.sql
  depends_on      = [google_bigquery_table.table, google_bigquery_dataset.people]

  dynamic "arguments" {
    for_each = [for one in split(",", local.functions[each.value.name]) : split(" ", trimspace(one))]
    content {
      name      = arguments.value[0]
      data_type = jsonencode({ typeKind = arguments.value[1] })
    }
  }

  lifecycle {
    precondition {
      condition     = contains(local.first, each.value.name)
      error_message = "${each.value.name}: expected a table function to read tables alone; it reads a view."
    }
  }
}

resource "google_bigquery_table" "view_first" {
  for_each            = { for key, one in local.views : key => one if contains(local.first, one.name) }
  dataset_id          = local.shelves[each.value.shelf].views
  table_id            = each.value.name
  description         = local.descriptions[each.value.name]
  schema              = jsonencode(local.columns[each.value.name])
  deletion_protection = false # a view holds nothing
  depends_on          = [google_bigquery_table.table, google_bigquery_dataset_access.views_may_read]

  view {
    query          = each.value.sql
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "view_second" {
  for_each            = { for key, one in local.views : key => one if contains(local.second, one.name) }
  dataset_id          = local.shelves[each.value.shelf].views
  table_id            = each.value.name
  description         = local.descriptions[each.value.name]
  schema              = jsonencode(local.columns[each.value.name])
  deletion_protection = false
  depends_on          = [google_bigquery_table.view_first, google_bigquery_routine.function]

  view {
    query          = each.value.sql
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "view_third" {
  for_each            = { for key, one in local.views : key => one if contains(local.third, one.name) }
  dataset_id          = local.shelves[each.value.shelf].views
  table_id            = each.value.name
  description         = local.descriptions[each.value.name]
  schema              = jsonencode(local.columns[each.value.name])
  deletion_protection = false
  depends_on          = [google_bigquery_table.view_second]

  view {
    query          = each.value.sql
    use_legacy_sql = false
  }

  lifecycle {
    precondition {
      condition     = length(setintersection(local.reads[each.value.name], local.third)) == 0
      error_message = "${each.value.name}: expected views on views on views at most; add a level to views.tf."
    }
  }
}
