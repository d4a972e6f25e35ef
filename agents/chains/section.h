#pragma once

#include "agents/chains/settings.h"
#include "runtime/config/collections.h"
#include "runtime/config/environment.h"

namespace troupe::agents {

/// The `chains:` section; its names are in the namespace "targets", which agents and teams share.
config::ShapePtr<config::Entries<ChainSettings>> chains_section();

/// Puts the text of each `prompt_file` into its step. Blocking. Errors: store, too_large, naming the file.
Result<> read_prompt_files(ChainSettings& chain, const config::Environment& environment);

}  // namespace troupe::agents
