#pragma once

#include "agents/agent.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "runtime/store/store_reader.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::agents {

/// The fields of a session as the interfaces list it.
Json to_json(const store::SessionRow& row);

/// The conversations of a store that this process writes, as whole things: listed, read, taken in from files.
/// What is long is read and put together beside the loop. Loop thread only; `loop`, `journal` and `workers`
/// outlive it, and nothing of it may be in flight at its end.
class SessionArchive {
 public:
  /// `store_path`: of the store that `journal` writes.
  SessionArchive(Loop& loop, store::Journal& journal, Workers& workers, std::string store_path)
      : loop_(loop), journal_(journal), workers_(workers), store_path_(std::move(store_path)) {}

  struct Page {
    std::vector<store::SessionRow> sessions;  ///< newest first
    bool more = false;                        ///< there are others beyond them, on the side asked for
  };
  /// Errors: store.
  Task<Result<Page>> list(std::string tenant, store::SessionPage page);

  enum class Form {
    troupe,  ///< as memory::to_json() of a session document
    openai,  ///< {"messages": […]}
  };
  /// A session of this tenant as JSON text. Errors: not_found (another tenant's, too), too_large
  /// (kDocumentBytes), store.
  Task<Result<std::string>> document(std::string tenant, std::string session, Form form);

  struct Imported {
    store::SessionRow session;
    std::size_t turns = 0;
    std::string remark;  ///< what was left out; or ""
  };
  /// Makes a session of a file's text, as memory::import_session() reads it. `target` and `catalog`: see
  /// SessionImport. Errors: those of both.
  Task<Result<Imported>> take(std::string tenant, std::string text, std::string target,
                              std::shared_ptr<const Catalog> catalog);

  /// Text of a session that is given as a whole: about what can be taken in again.
  static constexpr std::size_t kDocumentBytes = limits::kJsonBytes;

 private:
  Loop& loop_;
  store::Journal& journal_;
  Workers& workers_;
  const std::string store_path_;
};

}  // namespace troupe::agents
