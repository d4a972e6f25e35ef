#pragma once

#include "runtime/base/json.h"
#include "runtime/store/journal.h"

#include <string>

namespace troupe::agents {

/// What the row of a run that goes on from another one says of that, in its `extra`. Pure.
struct Lineage {
  std::string run;  ///< that it goes on from; "": none
  int kept = 0;     ///< steps of it, or tasks of a team
  int granted = 1;  ///< how often it has its limits: once, and once more for each resumption
};
Lineage lineage_of(const store::RunRow& row);
/// In the place of what it says.
void put(const Lineage& lineage, store::RunRow& row);
/// As run.queued and run.started tell it; null where the run goes on from none.
Json to_json(const Lineage& lineage);

}  // namespace troupe::agents
