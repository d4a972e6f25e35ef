#pragma once

#include "app/configuration.h"

#include <string>
#include <vector>

namespace troupe::app {

/// The plugins that the files of `plugins_from` are by their names, whether they may be loaded or not.
/// Nothing where there is no such folder.
std::vector<std::string> plugins_of_folder(const Configuration& all, const config::Environment& environment);

/// Libraries of `plugins_from` that will not be loaded (warnings), and sections that need a folder where
/// there is none.
void check_plugins(const Configuration& all, config::Check& check);

}  // namespace troupe::app
