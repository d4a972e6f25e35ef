// The built-in tools of a daemon under test: they are what they are, but an entry of `type: clock` that bears
// the name of a ledger's tool is that. Takes the place of tools/builtin/factories.cpp where a program links
// both, since the linker takes from a library only what it does not have.
#define make_clock make_real_clock
#include "tools/builtin/factories.cpp"
#undef make_clock

#include "tests/crash/ledger_tool.h"

namespace troupe::tools {

Result<std::unique_ptr<Tool>> make_clock(const ToolSettings& settings, const ToolServices& services);

Result<std::unique_ptr<Tool>> make_clock(const ToolSettings& settings, const ToolServices& services) {
  if (auto tool = crash::make_ledger_tool(settings.name, services.http)) return tool;
  return make_real_clock(settings, services);
}

}  // namespace troupe::tools
