#pragma once

#include "memory/knowledge/knowledge.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <cstddef>
#include <list>
#include <memory>
#include <string>

namespace troupe::tools {

/// Searches a knowledge base for an agent, on behalf of the run's tenant. What it finds is numbered over the
/// whole run, so that an answer can cite any of it. A lookup finds words as they stand in the document that
/// this agent found last, and the same again goes on to the next place, as in the ReAct paper's environment.
class RetrieverTool final : public Tool {
 public:
  /// Errors: not_found (no such knowledge base).
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings,
                                            std::shared_ptr<memory::Knowledge> knowledge);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  /// The document that was found last, and how far a lookup in it has come.
  struct Reading {
    std::string reader;  ///< whose: tenant, session and agent
    std::string document;
    std::string words;
    std::size_t next = 0;
  };

  Task<Result<ToolOutput>> search(ToolInput input, CallContext& context);
  Task<Result<ToolOutput>> lookup(ToolInput input, CallContext& context);
  Reading& reading_of(const CallContext& context);

  RetrieverTool(const ToolSettings& settings, std::shared_ptr<memory::Knowledge> knowledge);

  std::string base_;
  memory::SearchOverrides search_;
  std::shared_ptr<memory::Knowledge> knowledge_;
  ToolSpec spec_;
  std::list<Reading> readings_;  // newest first, at most kReadingsMax
};

}  // namespace troupe::tools
