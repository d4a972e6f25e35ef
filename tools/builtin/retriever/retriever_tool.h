#pragma once

#include "memory/knowledge/knowledge.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <memory>
#include <string>

namespace troupe::tools {

/// Searches a knowledge base for an agent, on behalf of the run's tenant. What it finds is numbered over the
/// whole run, so that an answer can cite any of it.
class RetrieverTool final : public Tool {
 public:
  /// Errors: not_found (no such knowledge base).
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings,
                                            std::shared_ptr<memory::Knowledge> knowledge);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  RetrieverTool(const ToolSettings& settings, std::shared_ptr<memory::Knowledge> knowledge);

  std::string base_;
  memory::SearchOverrides search_;
  std::shared_ptr<memory::Knowledge> knowledge_;
  ToolSpec spec_;
};

}  // namespace troupe::tools
