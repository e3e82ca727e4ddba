//! Organisations: who works in them, what they hold, what they may still spend.

use std::collections::HashMap;

use crate::clock::ORGANISATION_ZONE;
use crate::credits::Credits;
use crate::json::{Json, Object, object};
use crate::limits::Limits;
use crate::metadata::{Field, FieldChange, ModuleName, NewField, Schema};
use crate::names::Names;
use crate::records::{Links, PageTokens, Store, Tag, Written};
use crate::settings::{Edition, Settings};

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

    /// Begins to count what was written anew.
    pub(crate) fn forget_counts(&mut self) {
        for module in &mut self.modules {
            module.store.written = Written::default();
        }
    }

    /// `GET /org`.
    pub(crate) fn describe(&self, settings: &Settings) -> Object {
        let (paid, paid_type) = match settings.edition {
            Edition::Free => (false, "free"),
            Edition::Express => (true, "express"),
            Edition::Premier => (true, "premier"),
        };
        object! {
            "company_name" => self.name.clone(),
            "id" => self.id.to_string(),
            "zgid" => self.zgid.to_string(),
            "domain_name" => format!("org{}", self.zgid),
            "time_zone" => ORGANISATION_ZONE,
            "currency_locale" => "de_DE",
            "iso_code" => "EUR",
            "primary_email" => self.users.first().map(|user| user.email.clone()),
            "license_details" => object! {
                "paid" => paid,
                "paid_type" => paid_type,
                "trial_type" => Json::Null,
                "trial_expiry" => Json::Null,
                "users_license_purchased" => settings.users_licensed,
            },
        }
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
