#pragma once

#include "tools/builtin/files/file_work.h"
#include "tools/catalog.h"

#include <memory>
#include <string>

namespace troupe::tools {

/// `type: files`: tools `read`, `list` and `search` of what is below one folder, and `write` where that is
/// allowed. Readers are pure, write is idempotent.
class FilesTool final : public Tool {
 public:
  enum class Operation { read, list, search, write };

  /// Every tool of the section. Errors: invalid (no root).
  static Result<ToolTable> make(const ToolSettings& settings, const ToolServices& services);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  FilesTool(Operation operation, const ToolSettings& settings, Workers* workers);

  const Operation operation_;
  const std::string root_;
  const files::Bounds bounds_;
  Workers* const workers_;  // null: the caller's thread
  ToolSpec spec_;
};

}  // namespace troupe::tools
