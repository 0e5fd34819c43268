// The loop's part that has to do with sockets: what replicas say and bind, whose queues are long,
// and who is to be served.

#include <cerrno>

#include "loop.h"

namespace hydrinit {

void Loop::drain_links() {
  using Source = Links::Source;
  Source sources[Links::kSourcesMax];
  const int count = fleet_.links.next(sources);
  for (int i = 0; i < count && !exiting_; ++i) {
    const Source& source = sources[i];
    switch (source.kind) {
    case Source::Kind::signals: break;  // read by itself
    case Source::Kind::connections: dispatch(Event::Kind::waiting); break;
    case Source::Kind::ready: hear(source.slot); break;
    case Source::Kind::binds:
      // With nobody left to call, reading would wait for ever.
      source.readable ? answer_bind(source.slot) : fleet_.links.close_binds(source.slot);
      break;
    case Source::Kind::lines: fleet_.logs->read(source.slot); break;
    case Source::Kind::room: fleet_.logs->resume(source.slot); break;
    }
  }
}

void Loop::hear(int slot) {
  const Heard said = fleet_.links.hear(slot);
  Event event = make_event(Event::Kind::ready, slot);
  if (said.ready) dispatch(event);
  event.kind = Event::Kind::leaving;
  if (said.stopping) dispatch(event);
}

void Loop::answer_bind(int slot) {
  if (fleet_.links.binds(slot) == 0) return;  // its replica has just ended
  const BindProxy::Result result =
      proxy_.answer(fleet_.links.binds(slot), supervisor_.place_of(slot), supervisor_.count(),
                    fleet_.links.memory(slot));
  Event event = make_event(Event::Kind::ready, slot);
  switch (result.outcome) {
  case BindProxy::Outcome::nothing: break;
  case BindProxy::Outcome::listens:
    if (config_.ready_by == ReadyBy::listen) dispatch(event);
    break;
  case BindProxy::Outcome::refused:
    reporter_.say_error(Notice::Kind::share_failed, result.error);
    event.kind = Event::Kind::refused;
    dispatch(event);
    break;
  }
}

void Loop::tell_queue(int slot, bool asked) {
  Event event = make_event(Event::Kind::queue, slot);
  event.asked = asked;
  const int length = fleet_.sockets.queue_length(slot);
  event.amount = length < UINT16_MAX ? length : UINT16_MAX;
  dispatch(event);
}

void Loop::sample(int slot) {
  if (slot >= 0) return tell_queue(slot, true);
  for (int each = 0; each < supervisor_.count(); ++each) tell_queue(each, false);
  dispatch(Event::Kind::sampled);
}

// A replica has ended; unless another one has its place too.
void Loop::mend(int slot) {
  if (!config_.has_ports()) return;
  const int place = supervisor_.place_of(slot);
  for (int other = 0; other < reaper_.slots(); ++other) {
    if (reaper_.pid(other) != 0 && supervisor_.place_of(other) == place) return;
  }
  fleet_.sockets.mend(place);
}

void Loop::move(int from, int to) {
  const pid_t pid = reaper_.pid(from);
  if (pid != 0) {
    reaper_.forget(from);
    reaper_.remember(to, pid, reaper_.since(from));
  }
  fleet_.links.move(from, to);
  if (fleet_.logs != nullptr)
    fleet_.logs->swap(static_cast<unsigned>(from), static_cast<unsigned>(to));
}

}  // namespace hydrinit
