#include "core/status.h"

#include "core/options.h"

namespace hydrinit {
namespace {

// In the order of Stage.
constexpr char kStages[] =
    "unused\0back-off\0starting\0running\0draining\0stopping\0killing\0done\0failed\0";

[[gnu::noinline]] const char* stage_word(Stage stage) {
  return skip_strings(kStages, static_cast<std::size_t>(stage));
}

// The two largest units: 12s, 3m12s, 2h5m, 4d3h.
void append_age(Text& out, Millis age) {
  static constexpr struct {
    int seconds;
    char letter;
  } kUnits[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  std::int64_t seconds = age.count / 1000;
  int shown = 0;
  for (const auto& unit : kUnits) {
    const auto number = static_cast<int>(seconds / unit.seconds);
    seconds %= unit.seconds;
    if (number == 0 && shown == 0 && unit.seconds > 1) continue;
    if (shown++ < 2) out.add("%d%c", number, unit.letter);
  }
}

int seconds_of(Millis time) { return static_cast<int>(time.count / 1000); }

const char* restart_word(const StatusPage& page) {
  return skip_strings(kRestartWords, static_cast<std::size_t>(page.restart) - 1);
}
const char* exit_when_word(const StatusPage& page) {
  return skip_strings(kExitWhenWords, static_cast<std::size_t>(page.exit_when) - 1);
}

const char* doing(const Overview& overview) {
  if (overview.ending) return "stopping";
  return overview.reloading ? "reloading" : "running";
}

void append_end(Text& out, ExitStatus end) {
  if (end.kind == ExitStatus::Kind::exited) return out.add("code %d", end.value);
  append_signal(out, end.value);
}

void append_json_end(Text& out, const Replica& replica) {
  if (!replica.ended) return out.put("null");
  const bool exited = replica.last.kind == ExitStatus::Kind::exited;
  out.put(exited ? "{\"code\":" : "{\"signal\":\"");
  if (exited) {
    out.put_number(replica.last.value);
  } else {
    append_signal(out, replica.last.value);
    out.put('"');
  }
  out.put('}');
}

}  // namespace

bool copy_page(const StatusPage& page, void* out, std::size_t size) {
  const std::uint32_t before = __atomic_load_n(&page.sequence, __ATOMIC_ACQUIRE);
  __builtin_memcpy(out, &page, size);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return before % 2 == 0 && __atomic_load_n(&page.sequence, __ATOMIC_RELAXED) == before;
}

bool is_ready(const StatusPage& page, int slot) {
  return page.in_slot(slot).is_up() ||
         (page.overview.annex_of == slot && page.in_slot(page.capacity()).is_up());
}

int count_ready(const StatusPage& page) {
  int ready = 0;
  for (int slot = 0; slot < page.overview.count; ++slot) ready += is_ready(page, slot);
  return ready;
}

void append_size(Text& out, int kib) {
  const char* unit = "KMGT";
  // Three digits and a half tell enough.
  for (; kib >= 10000; kib /= 1024) ++unit;
  kib == 0 ? out.put('-') : out.add("%d%c", kib, *unit);
}

void append_head(Text& out, const StatusPage& page, Instant now, bool json) {
  const Overview& overview = page.overview;
  const int up = seconds_of(now - page.begun);
  if (json) {
    out.add("{\"pid\":%d,\"state\":\"%s\",\"up_s\":%d,\"wanted\":%d,\"ready\":%d,\"max\":%d,",
            page.pid, doing(overview), up, overview.count, count_ready(page), page.capacity());
    return out.add("\"restart\":\"%s\",\"max_restarts\":%d,\"exit_when\":\"%s\",\"replicas\":[",
                   restart_word(page), page.max_restarts, exit_when_word(page));
  }
  out.add("hydrinit, pid %d, %s for ", page.pid, doing(overview));
  append_age(out, now - page.begun);
  out.add(": %d of %d replicas are ready, room for %d\n", count_ready(page), overview.count,
          page.capacity());
  out.add("restart %s, ", restart_word(page));
  page.max_restarts != 0 ? out.add("at most %d", page.max_restarts) : out.put("any number of");
  out.add(" early deaths in a row; exit when %s\n\n", exit_when_word(page));
  out.put("SLOT PID     STATE    READY FOR     STARTS MEMORY LAST END\n");
}

void append_replica(Text& out, const StatusPage& page, const Seen& seen, Instant now, bool json) {
  const Replica& replica = page.in_slot(seen.place);
  const bool old = seen.place == page.capacity();
  if (replica.stage == Stage::unused || (old && !replica.has_process())) return;
  const int slot = old ? page.overview.annex_of : seen.place;
  const bool waits = replica.stage == Stage::waiting;
  const Millis left = replica.deadline > now ? replica.deadline - now : Millis{};
  const Millis age = waits ? left : now - replica.since;
  if (json) {
    out.add("%s{\"slot\":%d,\"old\":%s,\"pid\":%d,\"state\":\"%s\",\"ready\":%s,\"%s\":%d,",
            seen.place > 0 ? "," : "", slot, old ? "true" : "false", seen.pid,
            stage_word(replica.stage), replica.is_up() ? "true" : "false",
            waits ? "starts_in_ms" : "for_s", waits ? shown_ms(age) : seconds_of(age));
    out.add("\"starts\":%d,\"early_deaths\":%d,\"memory_kib\":%d,\"heavy\":%s,\"stuck\":%s,",
            static_cast<int>(replica.starts), replica.early_deaths, seen.memory,
            replica.heavy ? "true" : "false", replica.stuck ? "true" : "false");
    out.put("\"last_end\":");
    append_json_end(out, replica);
    return out.put('}');
  }
  out.add("%d%s", slot, old ? "'" : "");
  out.column(5);
  seen.pid == 0 ? out.put('-') : out.put_number(seen.pid);
  out.column(13);
  out.put(stage_word(replica.stage));
  out.column(22);
  out.put(replica.is_up() ? "yes" : "no");
  out.column(28);
  if (waits) out.put('-');
  append_age(out, age);
  out.column(36);
  out.put_number(static_cast<int>(replica.starts));
  out.column(43);
  append_size(out, seen.memory);
  out.column(50);
  replica.ended ? append_end(out, replica.last) : out.put('-');
  if (replica.early_deaths > 0) out.add(", %d early in a row", replica.early_deaths);
  if (replica.heavy) out.put(", above --max-memory");
  if (replica.stuck) out.put(", stuck");
  out.put('\n');
}

void append_foot(Text& out, bool json) {
  if (json) out.put("]}\n");
}

}  // namespace hydrinit
