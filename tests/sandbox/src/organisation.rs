//! Organisations: who works in them, what they hold, what they may still spend.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::automation::Automations;
use crate::channels::Channels;
use crate::clock::{ORGANISATION_ZONE, later, written};
use crate::credits::Credits;
use crate::jobs::Bulk;
use crate::json::{Json, Object, object};
use crate::limits::Limits;
use crate::metadata::{Field, FieldChange, ModuleName, NewField, Schema};
use crate::names::Names;
use crate::settings::{Edition, Settings};
use crate::store::{Journal, Links, PageTokens, Store, Tag, Written};

/// An organisation with everything it holds.
#[derive(Debug)]
pub(crate) struct Organisation {
    pub(crate) id: u64,
    pub(crate) zgid: u64,
    pub(crate) name: String,
    pub(crate) users: Vec<User>,
    modules: Vec<Module>,
    pub(crate) tags: HashMap<ModuleName, Vec<Tag>>,
    pub(crate) links: Links,
    pub(crate) credits: Credits,
    pub(crate) page_tokens: PageTokens,
    pub(crate) limits: Limits,
    pub(crate) journal: Journal,
    pub(crate) channels: Channels,
    pub(crate) automations: Automations,
    pub(crate) bulk: Bulk,
}

/// A module's fields and records.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) schema: Schema,
    pub(crate) store: Store,
}

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) zuid: u64,
    pub(crate) name: &'static str,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) admin: bool,
}

impl Organisation {
    /// A new organisation with three users and no records.
    pub(crate) fn found(names: &mut Names, name: &str) -> Self {
        let id = names.id();
        let mail = format!("{}.example", slug(name));
        let mut user = |name: &'static str, local: &str, active, admin| User {
            id: names.id(),
            zuid: names.id() / 1_000_000_000,
            name,
            email: format!("{local}@{mail}"),
            active,
            admin,
        };
        let users = vec![
            user("Ann Admin", "ann", true, true),
            user("Sam Seller", "sam", true, false),
            user("Lee Leaver", "lee", false, false),
        ];
        let module = |name| {
            let schema = Schema::of(name);
            let store = Store::new(&schema.unique());
            Module { schema, store }
        };
        Self {
            id,
            zgid: id / 10_000_000_000,
            name: name.to_owned(),
            users,
            modules: ModuleName::ALL.into_iter().map(module).collect(),
            tags: HashMap::new(),
            links: Links::default(),
            credits: Credits::default(),
            page_tokens: PageTokens::default(),
            limits: Limits::default(),
            journal: Journal::default(),
            channels: Channels::default(),
            automations: Automations::default(),
            bulk: Bulk::default(),
        }
    }

    pub(crate) fn module(&self, name: ModuleName) -> &Module {
        &self.modules[name.place()]
    }

    pub(crate) fn module_mut(&mut self, name: ModuleName) -> &mut Module {
        &mut self.modules[name.place()]
    }

    pub(crate) fn schema(&self, name: ModuleName) -> &Schema {
        &self.module(name).schema
    }

    pub(crate) fn store(&self, name: ModuleName) -> &Store {
        &self.module(name).store
    }

    pub(crate) fn store_mut(&mut self, name: ModuleName) -> &mut Store {
        &mut self.module_mut(name).store
    }

    pub(crate) fn is_active(&self, user: u64) -> bool {
        self.user(user).is_some_and(|user| user.active)
    }

    /// When something happens next without anybody's call.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        [self.automations.next(), self.bulk.next()].into_iter().flatten().min()
    }

    /// How many records there are in all modules together.
    pub(crate) fn stored(&self) -> usize {
        self.modules.iter().map(|module| module.store.len()).sum()
    }

    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// An administrator changes a field; gives it as it is then, unless the module has none of that name.
    pub(crate) fn change_field(&mut self, module: ModuleName, api_name: &str, change: FieldChange) -> Option<&Field> {
        let module = self.module_mut(module);
        let place = module.schema.change(api_name, change)?;
        module.store.index_anew(&module.schema.unique());
        Some(&module.schema.fields[place])
    }

    /// An administrator adds a field.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn add_field(&mut self, module: ModuleName, field: NewField) -> Result<&Field, String> {
        let module = self.module_mut(module);
        let place = module.schema.add(field)?;
        module.store.index_anew(&module.schema.unique());
        Ok(&module.schema.fields[place])
    }

    /// What was written in each module, and puts back what it was.
    pub(crate) fn counts(&self) -> Vec<Written> {
        self.modules.iter().map(|module| module.store.written).collect()
    }

    pub(crate) fn restore_counts(&mut self, counts: &[Written]) {
        for (module, written) in self.modules.iter_mut().zip(counts) {
            module.store.written = *written;
        }
    }

    /// Begins to count what was written anew.
    pub(crate) fn forget_counts(&mut self) {
        for module in &mut self.modules {
            module.store.written = Written::default();
        }
    }

    /// `GET /org`, key by key as recorded.
    pub(crate) fn describe(&self, settings: &Settings, now: Timestamp) -> Object {
        let primary = self.users.first();
        object! {
            "country" => Json::Null,
            "hierarchy_preferences" => object! {"type" => "Role_Hierarchy"},
            "photo_id" => Json::Null,
            "city" => Json::Null,
            "description" => Json::Null,
            "mc_status" => false,
            "gapps_enabled" => false,
            "lite_users_enabled" => false,
            "domain_name" => format!("org{}", self.zgid),
            "translation_enabled" => false,
            "street" => Json::Null,
            "alias" => Json::Null,
            "currency" => "Euro - EUR",
            "deletable_org_account" => true,
            "id" => self.id.to_string(),
            "state" => Json::Null,
            "fax" => Json::Null,
            "employee_count" => Json::Null,
            "zip" => Json::Null,
            "website" => Json::Null,
            "currency_symbol" => "€",
            "mobile" => Json::Null,
            "currency_locale" => "EUR",
            "primary_zuid" => primary.map(|user| user.zuid.to_string()),
            "zia_portal_id" => Json::Null,
            "time_zone" => ORGANISATION_ZONE,
            "zgid" => self.zgid.to_string(),
            "country_code" => "TR",
            "license_details" => licence(settings, now),
            "phone" => "+902120000000",
            "company_name" => self.name.clone(),
            "privacy_settings" => false,
            "primary_email" => primary.map(|user| user.email.clone()),
            "hipaa_compliance_enabled" => false,
            "iso_code" => "EUR",
        }
    }
}

/// What the account is licensed for. A trial is free and has the name of what is tried.
fn licence(settings: &Settings, now: Timestamp) -> Object {
    let trial = settings.trial.then_some(settings.edition);
    let (paid, paid_type) = match settings.edition {
        _ if settings.trial => (false, "free"),
        Edition::Free => (false, "free"),
        Edition::Express => (true, "express"),
        Edition::Premier => (true, "premier"),
    };
    let expiry = |is_there: bool| is_there.then(|| written(later(now, 30 * 86_400)));
    object! {
        "paid_expiry" => expiry(paid),
        "users_license_purchased" => settings.users_licensed,
        "trial_type" => trial.map(|edition| match edition {
            Edition::Free => "biginfree",
            Edition::Express => "biginexpress",
            Edition::Premier => "biginpremier",
        }),
        "trial_expiry" => expiry(settings.trial),
        "paid" => paid,
        "paid_type" => paid_type,
        "portal_users_license_purchased" => 0_u64,
    }
}

impl User {
    /// As lookups in records name a user.
    pub(crate) fn with_email(&self) -> Object {
        object! {"name" => self.name, "id" => self.id.to_string(), "email" => self.email.clone()}
    }

    /// As write results name a user.
    pub(crate) fn short(&self) -> Object {
        object! {"name" => self.name, "id" => self.id.to_string()}
    }

    /// `GET /users`.
    pub(crate) fn describe(&self) -> Object {
        let (profile, role) = if self.admin {
            ("Administrator", "CEO")
        } else {
            ("Standard", "Seller")
        };
        let (first_name, last_name) = self.name.split_once(' ').unwrap_or(("", self.name));
        object! {
            "id" => self.id.to_string(),
            "zuid" => self.zuid.to_string(),
            "first_name" => first_name,
            "last_name" => last_name,
            "full_name" => self.name,
            "email" => self.email.clone(),
            "status" => if self.active { "active" } else { "deactive" },
            "confirm" => true,
            "profile" => object! {"name" => profile, "id" => "5876876000000026011"},
            "role" => object! {"name" => role, "id" => "5876876000000026005"},
            "time_zone" => ORGANISATION_ZONE,
            "offset" => 10_800_000_u64,
            "language" => "en_US",
            "locale" => "en_US",
        }
    }
}

/// A name as part of a host name.
fn slug(name: &str) -> String {
    let letters = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    name.chars()
        .map(letters)
        .collect::<String>()
        .trim_matches('-')
        .to_owned()
}
