#pragma once

#include "agents/replay/replay.h"
#include "app/configuration.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>

namespace troupe::app {

/// What a snapshot of a configuration says, as a replay needs it: no secret of it has to be there any more,
/// since nobody is asked with one; each is a word of its own that is masked as the secret was. Errors:
/// invalid (this version reads the snapshot differently, or a file that it names is gone).
Result<Configuration> snapshot_for_replay(std::string_view canonical);

/// The catalog of a configuration in which everything outside of the engine is a stand-in: no model, tool,
/// knowledge base or embedder is reached, and no file is written. Prompt files are read as they are now.
/// Errors: as make_catalog().
Result<std::shared_ptr<const agents::Catalog>> make_replay_catalog(const Configuration& configuration,
                                                                   agents::ReplayStage stage);

}  // namespace troupe::app
