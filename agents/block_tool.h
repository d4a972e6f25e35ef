#pragma once

#include "agents/block_journal.h"
#include "memory/conversation/block.h"
#include "memory/conversation/block_edit.h"
#include "tools/tool.h"

#include <memory>
#include <vector>

namespace troupe::agents {

/// A tool by which an agent edits its memory blocks. Idempotent: an attempt after a crash finds the edit of
/// the one before by the key of the call.
class BlockTool final : public tools::Tool {
 public:
  BlockTool(const memory::BlockTool& tool, std::vector<memory::Block> configured,
            std::shared_ptr<BlockJournal> journal);

  const tools::ToolSpec& spec() const override { return spec_; }
  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override;

 private:
  const memory::BlockTool& tool_;
  const std::vector<memory::Block> configured_;
  const std::shared_ptr<BlockJournal> journal_;
  const tools::ToolSpec spec_;
};

/// The tools of an agent with these blocks; none where it may edit none of them.
tools::ToolTable block_tools_of(const std::vector<memory::Block>& configured,
                                const std::shared_ptr<BlockJournal>& journal);

}  // namespace troupe::agents
