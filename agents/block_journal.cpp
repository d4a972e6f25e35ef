#include "agents/block_journal.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::string_view kFact = "memory.block";
constexpr std::string_view kCall = "call";

}  // namespace

Task<Result<std::vector<memory::Block>>> BlockJournal::read(std::string session,
                                                            std::vector<memory::Block> configured,
                                                            std::string without) {
  auto facts = co_await journal_.session_facts(std::move(session), std::string(kFact));
  if (!facts) co_return within("memory blocks", facts.error());
  std::vector<memory::BlockVersion> versions;
  for (const store::Fact& fact : *facts) {
    if (fact.run == without) continue;
    auto body = parse_json(fact.body);
    auto version = body ? memory::block_version_from(*body) : fail(std::move(body.error()));
    if (!version) co_return within("memory blocks, run " + fact.run, version.error());
    versions.push_back(std::move(*version));
  }
  co_return memory::fold_blocks(std::move(configured), versions);
}

Task<Result<memory::Block>> BlockJournal::edit(Editor editor, std::vector<memory::Block> configured,
                                               memory::BlockEdit edit) {
  co_await turn_.take();
  auto made = co_await edit_now(std::move(editor), std::move(configured), std::move(edit));
  turn_.give_back();
  co_return made;
}

Task<Result<memory::Block>> BlockJournal::edit_now(Editor editor, std::vector<memory::Block> configured,
                                                   memory::BlockEdit edit) {
  auto blocks = co_await read(editor.session, std::move(configured));
  if (!blocks) co_return std::unexpected(blocks.error());
  auto own = co_await journal_.read_facts(editor.run);
  if (!own) co_return within("memory blocks", own.error());
  for (const store::Fact& fact : *own) {
    if (fact.kind != kFact || editor.key.empty()) continue;
    auto body = parse_json(fact.body);
    if (!body || string_or(*body, kCall) != editor.key) continue;
    const auto block = std::ranges::find(*blocks, edit.label, &memory::Block::label);
    if (block != blocks->end()) co_return *block;
  }
  auto changed = memory::edited(*blocks, edit);
  if (!changed) co_return changed;
  Json body = memory::to_json(memory::BlockVersion{
      .label = changed->label, .value = changed->value, .version = changed->version, .agent = editor.agent});
  body[std::string(kCall)] = editor.key;
  store::Append append;
  append.facts.push_back({.run = editor.run, .kind = kFact, .step = editor.step, .body = dump(body)});
  append.barrier = true;
  if (auto done = co_await journal_.commit(std::move(append)); !done)
    co_return within("memory blocks", done.error());
  co_return changed;
}

}  // namespace troupe::agents
