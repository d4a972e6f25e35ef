#pragma once

#include "memory/knowledge/ingest/read_turns.h"
#include "runtime/sandbox/cage.h"
#include "runtime/sandbox/support.h"
#include "tools/builtin/code/code_settings.h"
#include "tools/builtin/code/work_folder.h"
#include "tools/catalog.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace troupe::tools {

inline constexpr std::size_t kCodeBytes = std::size_t{256} << 10;     ///< of the code of one call
inline constexpr std::size_t kCodeInputBytes = std::size_t{1} << 20;  ///< of its standard input

/// `type: code`: Python that a model wrote, each call in a process of its own that can do nothing but compute
/// and write to an empty folder, which is gone with it. So a call has no effect that could be repeated, and
/// is pure; nothing is kept from one to the next. What code does wrong (an exception, a limit) is an
/// observation like any other: an Error is a call that ran nothing or was cancelled.
class CodeTool final : public Tool {
 public:
  /// Errors: unavailable (this machine cannot confine it), not_found and invalid (the interpreter, a path of
  /// `read`). Without `support` among the services a tool is made that runs nothing.
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings, const ToolServices& services);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  /// What it runs on.
  struct Machine {
    sandbox::Support support;
    std::string interpreter;
    std::string folders;  ///< where working folders are made
  };
  CodeTool(const ToolSettings& settings, const ToolServices& services);
  Result<sandbox::Cage> cage(const std::string& folder) const;
  Task<> clear(Loop& loop, WorkFolder folder);
  Task<Result<ToolOutput>> run(std::string input, CallContext& context);

  const CodeSettings settings_;
  Workers* const workers_;  // null: what blocks is done on the loop
  std::optional<Machine> machine_;
  std::optional<memory::ReadTurns> turns_;  // since the first call
  bool swept_ = false;
  ToolSpec spec_;
};

}  // namespace troupe::tools
