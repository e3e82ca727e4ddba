//! What stands for the API console and for a test's hand (`/console/...`); README.md has the exact JSON.

mod answer;
mod automations;
mod clients;
mod controls;
mod fields;
mod generate;
mod limits;
mod records;
mod recycle_bin;
mod reset;
mod users;
mod view;

use axum::http::Method;

use crate::answer::Answer;
use crate::http::Call;
use crate::passing::{after_call, pass_time};
use crate::state::World;
use answer::refused;

/// Serves what lies under `/console`.
pub(crate) fn serve(world: &World, call: &Call) -> Answer {
    pass_time(&mut world.lock(), 0);
    let answer = answer(world, call);
    after_call(world);
    answer
}

fn answer(world: &World, call: &Call) -> Answer {
    let segments = call.segments();
    let path = segments.get(1..).unwrap_or_default();
    let result = match (&call.method, path) {
        (&Method::POST, ["self-clients"]) => clients::register(&mut world.lock(), call),
        (&Method::POST, ["codes"]) => clients::code(&mut world.lock(), call),
        (&Method::POST, ["revoke"]) => clients::revoke(&mut world.lock(), call),
        (&Method::GET, ["state"]) => Ok(view::state(world)),
        (&Method::GET, ["calls"]) => Ok(view::calls(&world.lock())),
        (&Method::GET, ["records", module]) => records::records(&world.lock(), call, module),
        (&Method::POST, ["faults"]) => controls::add_faults(&mut world.lock(), call),
        (&Method::DELETE, ["faults", name]) => controls::lift_faults(&mut world.lock(), name),
        (&Method::PUT, ["faults"]) => controls::set_faults(&mut world.lock(), call),
        (&Method::GET, ["faults"]) => Ok(controls::faults(&world.lock())),
        (&Method::PUT, ["settings"]) => controls::change_settings(&mut world.lock(), call),
        (&Method::GET, ["settings"]) => controls::settings(&world.lock()),
        (&Method::PUT, ["clock"]) => controls::advance(&mut world.lock(), call),
        (&Method::PUT, ["fields", module, field]) => fields::change(&mut world.lock(), call, module, field),
        (&Method::POST, ["fields", module]) => fields::add(&mut world.lock(), call, module),
        (&Method::POST, ["records", module]) => records::insert(&mut world.lock(), call, module),
        (&Method::PUT, ["records", module]) => records::update(&mut world.lock(), call, module),
        (&Method::DELETE, ["records", module]) => records::delete(&mut world.lock(), call, module),
        (&Method::POST, ["generate", module]) => generate::generate(&mut world.lock(), call, module),
        (&Method::GET, ["recycle-bin", module]) => recycle_bin::list(&mut world.lock(), call, module),
        (&Method::POST, ["recycle-bin", module, "restore"]) => recycle_bin::restore(&mut world.lock(), call, module),
        (&Method::POST, ["recycle-bin", module, "purge"]) => recycle_bin::purge(&mut world.lock(), call, module),
        (&Method::PUT, ["automations"]) => automations::change(&mut world.lock(), call),
        (&Method::GET, ["automations"]) => automations::show(&mut world.lock(), call),
        (&Method::GET, ["notices"]) => Ok(view::notices(&world.lock())),
        (&Method::PUT, ["limits"]) => limits::change(&mut world.lock(), call),
        (&Method::GET, ["limits"]) => limits::show(&mut world.lock(), call),
        (&Method::PUT, ["users", user]) => users::change(&mut world.lock(), call, user),
        (&Method::POST, ["reset"]) => reset::reset(world, call),
        _ => Err(format!(
            "the console has no {} {}; see tests/sandbox/README.md",
            call.method, call.path
        )),
    };
    result.unwrap_or_else(refused)
}
