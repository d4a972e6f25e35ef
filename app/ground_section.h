#pragma once

#include "runtime/config/record.h"
#include "runtime/net/http_client.h"
#include "runtime/store/journal.h"
#include "runtime/telemetry/log.h"

namespace troupe::app {

struct LogSettings {
  log::Level level = log::Level::info;
  log::Format format = log::Format::automatic;
};

/// The sections of the ground: `log:`, `store:`, `network:`. They are declared here because within the
/// runtime configuration, store and network do not know each other.
config::Record<LogSettings> log_section();
/// `store.path` has no constant default: see default_store_path().
config::Record<store::StoreSettings> store_section();
config::Record<net::NetworkSettings> network_section();

/// Where the journal is when nobody says: $XDG_STATE_HOME/troupe, ~/.local/state/troupe, or under systemd (no
/// HOME) the first of $STATE_DIRECTORY. "" when the environment names none of them.
std::string default_store_path(const config::Environment& environment);

}  // namespace troupe::app
