#pragma once

#include "agents/agent.h"
#include "memory/conversation/session_document.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <memory>
#include <string>

/// A conversation on its way from a file to the store. Loop thread.
namespace troupe::agents {

struct SessionImport {
  memory::SessionDocument document;
  std::string tenant;
  std::string target;  ///< who goes on with it; "": as the document says, else the default
  std::shared_ptr<const Catalog> catalog;  ///< where that is looked up
};

/// Makes a new session of a document: whole, or, after an error, not at all. Turns are said to be of their
/// own agent where the catalog has it and no `target` is named. Errors: invalid (a target that is not there,
/// did you mean …; pictures), too_large (pictures), store.
Task<Result<store::SessionRow>> import_session(Loop& loop, store::Journal& journal, SessionImport wanted);

/// "2 system messages were not carried over: …"; "": there were none.
std::string left_out(const memory::ImportedSession& imported);

}  // namespace troupe::agents
