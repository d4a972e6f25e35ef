#pragma once

#include "memory/knowledge/knowledge.h"
#include "models/model_use.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::fakes {

/// Finds what it is told to, and keeps what it was asked.
class FakeKnowledge final : public memory::Knowledge {
 public:
  Task<Result<memory::Retrieved>> search(std::string name, std::string query, memory::SearchOverrides over,
                                         CallContext& context) override {
    names_asked.push_back(name);
    queries.push_back(query);
    overrides = std::move(over);
    tenant = context.principal.tenant;
    for (const models::ModelUse& use : uses) models::tell_use(context, use);
    if (error) co_return fail(*error);
    co_return found;
  }
  Task<Result<std::vector<memory::StoredChunk>>> read(std::string, std::int64_t, std::size_t, std::size_t,
                                                      CallContext&) override {
    co_return std::vector<memory::StoredChunk>();
  }
  std::string about(std::string_view) const override { return "rules of the house"; }
  std::vector<std::string> names() const override { return {"handbook"}; }

  memory::Retrieved found;
  std::optional<Error> error;
  std::vector<models::ModelUse> uses;  ///< told of each search, whatever comes of it
  std::vector<std::string> names_asked;
  std::vector<std::string> queries;
  memory::SearchOverrides overrides;
  std::string tenant;
};

}  // namespace troupe::fakes
