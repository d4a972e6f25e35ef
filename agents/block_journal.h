#pragma once

#include "agents/runs/slots.h"
#include "memory/conversation/block.h"
#include "memory/conversation/block_edit.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// The memory blocks of sessions: facts `memory.block` of their runs, each a new version of one. Edits of
/// this process happen one after the other, so that two agents, or two calls of one step, never write the
/// same version. Loop thread only.
class BlockJournal {
 public:
  /// Both outlive it.
  BlockJournal(Loop& loop, store::Journal& journal) : journal_(journal), turn_(loop, 1) {}

  /// The blocks of a session as they are. `without`: a run whose own edits are left aside: what it began
  /// with. Errors: store.
  Task<Result<std::vector<memory::Block>>> read(std::string session, std::vector<memory::Block> configured,
                                                std::string without = "");

  /// Whose edit it is.
  struct Editor {
    std::string session;
    std::string run;
    std::string agent;
    int step = 0;
    std::string key;  ///< of the call: the same for each attempt of it
  };
  /// Edits a block and returns it once that is on disk. An edit whose call is there already, because a crash
  /// took only what it came to, is not made twice. Errors: those of memory::edited(), for the agent; store.
  Task<Result<memory::Block>> edit(Editor editor, std::vector<memory::Block> configured,
                                   memory::BlockEdit edit);

 private:
  Task<Result<memory::Block>> edit_now(Editor editor, std::vector<memory::Block> configured,
                                       memory::BlockEdit edit);

  store::Journal& journal_;
  Slots turn_;
};

}  // namespace troupe::agents
