# A network of our own: for MLflow's database, which has no public address, and for what speaks to MLflow.

resource "google_compute_network" "vigil" {
  name                    = "vigil"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.api]
}

# Google's services answer inside it, so nothing in it needs a way to the internet, and there is none.
resource "google_compute_subnetwork" "vigil" {
  name                     = "vigil"
  region                   = var.region
  network                  = google_compute_network.vigil.id
  ip_cidr_range            = "10.8.0.0/24"
  private_ip_google_access = true
}

# A connector wants a subnet of 16 addresses to itself.
resource "google_compute_subnetwork" "connector" {
  name                     = "vigil-connector"
  region                   = var.region
  network                  = google_compute_network.vigil.id
  ip_cidr_range            = "10.8.1.0/28"
  private_ip_google_access = true
}

resource "google_vpc_access_connector" "train" {
  name          = "vigil-train"
  region        = var.region
  machine_type  = "f1-micro" # it carries models of a few MiB
  min_instances = 2
  max_instances = 3

  subnet {
    name = google_compute_subnetwork.connector.name
  }
}

resource "google_compute_firewall" "closed" {
  name          = "vigil-nothing-comes-in"
  network       = google_compute_network.vigil.id
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_global_address" "google" {
  name          = "vigil-google-services"
  network       = google_compute_network.vigil.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "google" {
  network                 = google_compute_network.vigil.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.google.name]
}
