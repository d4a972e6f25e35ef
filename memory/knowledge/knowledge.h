#pragma once

#include "memory/knowledge/search/overrides.h"
#include "memory/knowledge/search/retriever.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// The knowledge bases of one configuration, as who asks them sees them: tools, chains, the gateway, the
/// command line. A base holds what its sources brought, which everybody may read, and what tenants added,
/// which only they find. Loop thread only; concurrent calls are fine.
class Knowledge {
 public:
  virtual ~Knowledge() = default;

  /// Searches the base `name` for the principal of the context, whose tenant decides what may be found. A
  /// base that holds nothing yet finds nothing, with a remark. Errors: not_found (no such base: those there
  /// are), and those of Retriever::retrieve(). What it spends on models and embedders is told by `usage`
  /// events of the context as it is spent, whether the search comes to something or not: whoever takes the
  /// events counts it.
  virtual Task<Result<Retrieved>> search(std::string name, std::string query, SearchOverrides overrides,
                                         CallContext& context) = 0;

  /// Whole documents, as Retrieved::hits are parts of them: the chunks of one, in order, at most `count` from
  /// the `first`; for who reads on where a hit ends. Errors: not_found (no such base or document), store.
  virtual Task<Result<std::vector<StoredChunk>>> read(std::string name, std::int64_t document,
                                                      std::size_t first, std::size_t count,
                                                      CallContext& context) = 0;

  /// What a base says of itself (`description`); "": nothing, or there is none of this name.
  virtual std::string about(std::string_view name) const = 0;
  /// Of `knowledge:`, in order of the alphabet.
  virtual std::vector<std::string> names() const = 0;
};

}  // namespace troupe::memory
