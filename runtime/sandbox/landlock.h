#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/confinement.h"
#include "runtime/sandbox/descriptor.h"

namespace troupe::sandbox {

/// The kernel's Landlock version, 0 when it has none or it is switched off.
/// https://docs.kernel.org/userspace-api/landlock.html
int landlock_version();

/// Since this version a confined process cannot signal one outside.
inline constexpr int kLandlockScopesSignals = 6;

/// A ruleset for landlock_restrict_self(2), usable for any number of processes: reads beneath `readable`,
/// everything beneath `writable`, TCP only with `network`, no signals and no abstract Unix sockets across the
/// border, as far as `version` (at least 1) goes. Execution is for the program and its loader; with
/// `processes` for everything readable. Error: a path that cannot be opened, by name.
Result<Descriptor> make_landlock_ruleset(int version, const Confinement& confinement,
                                         const std::string& program);

}  // namespace troupe::sandbox
