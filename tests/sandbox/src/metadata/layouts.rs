//! Team pipelines: the layouts of the module Pipelines, with their sub-pipelines and stages.

/// A team pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TeamPipeline {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// Its sub-pipelines, each with its stages.
    pub(crate) sub_pipelines: &'static [(&'static str, &'static [&'static str])],
}

const SALES: &[&str] = &[
    "Qualification",
    "Needs Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
];
const PARTNERS: &[&str] = &["Introduction", "Contract", "Closed Won", "Closed Lost"];
const SERVICE: &[&str] = &["New Request", "In Repair", "Delivered"];

impl TeamPipeline {
    /// The organisation's team pipelines: more than one, so that `Pipeline` must be named.
    pub(crate) const ALL: [Self; 2] = [
        Self {
            id: 5_876_876_000_000_700_001,
            name: "Sales Pipeline",
            sub_pipelines: &[
                ("Sales Pipeline Standard", SALES),
                ("Sales Pipeline Partners", PARTNERS),
            ],
        },
        Self {
            id: 5_876_876_000_000_700_002,
            name: "Service Pipeline",
            sub_pipelines: &[("Service Pipeline Standard", SERVICE)],
        },
    ];

    /// The one of that id.
    pub(crate) fn find(id: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|pipeline| pipeline.id == id)
    }

    /// The stages of one of its sub-pipelines.
    pub(crate) fn stages(self, sub_pipeline: &str) -> Option<&'static [&'static str]> {
        self.sub_pipelines
            .iter()
            .find(|(name, _)| *name == sub_pipeline)
            .map(|(_, stages)| *stages)
    }
}

/// Every sub-pipeline.
pub(super) fn sub_pipelines() -> Vec<&'static str> {
    TeamPipeline::ALL
        .iter()
        .flat_map(|pipeline| pipeline.sub_pipelines)
        .map(|(name, _)| *name)
        .collect()
}

/// Every stage, once.
pub(super) fn stages() -> Vec<&'static str> {
    let mut all = Vec::new();
    for (_, stages) in TeamPipeline::ALL.iter().flat_map(|pipeline| pipeline.sub_pipelines) {
        for stage in *stages {
            if !all.contains(stage) {
                all.push(stage);
            }
        }
    }
    all
}
