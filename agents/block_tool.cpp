#include "agents/block_tool.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

BlockTool::BlockTool(const memory::BlockTool& tool, std::vector<memory::Block> configured,
                     std::shared_ptr<BlockJournal> journal)
    : tool_(tool),
      configured_(std::move(configured)),
      journal_(std::move(journal)),
      spec_{.declaration = {.name = std::string(tool.name),
                            .description = std::string(tool.description),
                            .schema = std::string(tool.schema)},
            .effect = tools::Effect::idempotent} {}

Task<Result<tools::ToolOutput>> BlockTool::call(tools::ToolInput input, CallContext& context) {
  auto edit = memory::edit_from(tool_, input.arguments);
  if (!edit) co_return std::unexpected(edit.error());
  auto block = co_await journal_->edit({.session = context.session,
                                        .run = context.run,
                                        .agent = context.agent,
                                        .step = context.step,
                                        .key = std::move(input.idempotency_key)},
                                       configured_, std::move(*edit));
  if (!block) co_return std::unexpected(block.error());
  co_return tools::ToolOutput{memory::told(*block), {}};
}

tools::ToolTable block_tools_of(const std::vector<memory::Block>& configured,
                                const std::shared_ptr<BlockJournal>& journal) {
  tools::ToolTable table;
  if (std::ranges::all_of(configured, &memory::Block::read_only)) return table;
  for (const memory::BlockTool& tool : memory::block_tools())
    table.emplace(tool.name, std::make_shared<BlockTool>(tool, configured, journal));
  return table;
}

}  // namespace troupe::agents
